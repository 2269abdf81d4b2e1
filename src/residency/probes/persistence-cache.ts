/** The second-level cache: whether reads after a gap are faster than reads after other traffic. */
import type { Recorder, Device } from "../../vulkan/index.ts";
import { REPETITIONS, VECTOR_BYTES, patternOf, workgroupsFor, SMALL_BYTES } from "./persistence-pattern.ts";
import { SHARED_WORDS } from "./persistence-remains.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode } from "./probe.schema.ts";
import { timesOf } from "./times.ts";

const MIB = 2 ** 20;
const OTHER_BYTES = 256 * MIB;
/** Reads, one after the other, that are timed together. */
const CHASE_READS = 4096;

/** How long reads take, with and without caches. */
export interface CacheTimes {
  /** A read of what was written just before, in the next dispatch, ns. */
  readonly dispatch: number;
  /** The same in the next submission. */
  readonly submission: number;
  /** The same after other traffic. */
  readonly coldNs: number;
  /** Reading back 12 KiB by one workgroup. */
  readonly reloadUs: number;
}

/** Times reads of what was written just before, and after other traffic; undefined without timestamps. */
export async function probeCache(device: Device): Promise<CacheTimes | undefined> {
  if (device.queue.timestampBits === 0) return undefined;
  using traffic = await ProbeKernel.open(device, "traffic");
  using stamps = device.createTimestamps(2);
  using small = device.createBuffer({ role: "device", sizeBytes: SMALL_BYTES, label: "cache probe" });
  const otherBytes = Math.min(
    OTHER_BYTES,
    2 ** Math.floor(Math.log2(Math.max(MIB, device.freeBytes("device") / 4))),
  );
  using other = device.createBuffer({
    role: "device",
    sizeBytes: otherBytes,
    label: "cache probe, other traffic",
  });
  const groups = workgroupsFor(SMALL_BYTES);
  const write = (recorder: Recorder): void =>
    traffic.record(recorder, patternOf(small, ProbeMode.WRITE), groups);
  const evict = (recorder: Recorder): void =>
    traffic.record(recorder, patternOf(other, ProbeMode.WRITE), workgroupsFor(otherBytes));
  const stamped = (recorder: Recorder, step: () => void): void => {
    recorder.timestamp(stamps, 0);
    step();
    recorder.timestamp(stamps, 1);
  };
  const chase = { ...patternOf(small, ProbeMode.CHASE), limit: CHASE_READS };
  const read = (recorder: Recorder): void => stamped(recorder, () => traffic.record(recorder, chase, 1));
  const reload = (recorder: Recorder): void =>
    stamped(recorder, () => {
      const part = {
        ...patternOf(small, ProbeMode.READ),
        count: (SHARED_WORDS * 4) / VECTOR_BYTES,
        limit: 64,
      };
      traffic.record(recorder, part, 1);
    });
  const timeNs = (...steps: ((recorder: Recorder) => void)[]): number => {
    traffic.guard(() =>
      device.run((recorder) => {
        recorder.resetTimestamps(stamps);
        for (const step of steps) step(recorder);
      }),
    );
    const [begin = 0, end = 0] = stamps.readNs() ?? [];
    return end - begin;
  };
  const found = {
    dispatch: [] as number[],
    submission: [] as number[],
    cold: [] as number[],
    reload: [] as number[],
  };
  for (let index = 0; index < REPETITIONS; index++) {
    found.dispatch.push(timeNs(write, read));
    device.run(write);
    found.submission.push(timeNs(read));
    found.cold.push(timeNs(write, evict, read));
    found.reload.push(timeNs(evict, reload));
  }
  const median = (times: number[]): number => timesOf(times).p50Us;
  return {
    dispatch: median(found.dispatch) / CHASE_READS,
    submission: median(found.submission) / CHASE_READS,
    coldNs: median(found.cold) / CHASE_READS,
    reloadUs: median(found.reload) / 1000,
  };
}
