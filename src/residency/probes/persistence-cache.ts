/** Measures the second-level cache: whether reads after a gap are faster than reads after other traffic. */
import type { Recorder, Device } from "../../vulkan/index.ts";
import { REPETITIONS, VECTOR_BYTES, patternOf, workgroupsFor, SMALL_BYTES } from "./persistence-pattern.ts";
import { SHARED_WORDS } from "./persistence-remains.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode } from "./probe.schema.ts";
import { timesOf } from "./times.ts";

const MIB = 2 ** 20;
const OTHER_BYTES = 256 * MIB;
/** Number of dependent reads that are timed together. */
const CHASE_READS = 4096;

/** Read times with and without cached data. */
export interface CacheTimes {
  /** One read of data that the previous dispatch wrote, in nanoseconds. */
  readonly dispatch: number;
  /** One read of data that the previous submission wrote, in nanoseconds. */
  readonly submission: number;
  /** One read after other traffic, in nanoseconds. */
  readonly coldNs: number;
  /** Reading back 12 KiB by one workgroup, in microseconds. */
  readonly reloadUs: number;
}

/** Times reads of recently written data, and reads after other traffic. Undefined without timestamps. */
export async function probeCache(device: Device): Promise<CacheTimes | undefined> {
  if (device.queue.timestampBits === 0) return undefined;
  using traffic = await ProbeKernel.open(device, "traffic");
  using stamps = device.createTimestamps(2);
  using small = device.createBuffer({ role: "device", sizeBytes: SMALL_BYTES, label: "cache probe" });
  const otherBytes = otherBytesFor(device);
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
  const part = { ...patternOf(small, ProbeMode.READ), count: (SHARED_WORDS * 4) / VECTOR_BYTES, limit: 64 };
  const reload = (recorder: Recorder): void => stamped(recorder, () => traffic.record(recorder, part, 1));
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

/** Size of the other traffic: a power of two, at most a quarter of the free memory. */
function otherBytesFor(device: Device): number {
  const quarterBytes = Math.max(MIB, device.freeBytes("device") / 4);
  return Math.min(OTHER_BYTES, 2 ** Math.floor(Math.log2(quarterBytes)));
}
