/**
 * The persistence table: what of a device's state is still there after a gap, measured.
 *
 *     gap          dispatch     between two dispatches of one submission
 *                  submission   between two submissions
 *                  process      between a process that ended and the next one (`leaveTraces` in the first, `traces` given to the second)
 *
 * Every probe leaves a pattern, lets the gap pass and counts what of it is found. Only device memory, mapped memory and pipelines are promised by
 * anyone; the rest is looked at to be sure that nothing relies on it, and to know what it costs to have it again.
 */
import { EverwarpError } from "../../base/index.ts";
import { kernelFile, sharedPrograms } from "../../programs/index.ts";
import type { Device, DeviceBuffer, Recorder } from "../../vulkan/index.ts";
import {
  GAPS,
  type Gap,
  COMPONENTS,
  type PersistenceCell,
  type PersistenceRow,
  type Traces,
  type Component,
} from "../profile/index.ts";
import { drainWriteCombining } from "../queue/index.ts";
import { patternWord } from "../reference/index.ts";
import { NO_PROBE_VALUES, ProbeKernel, type ProbeValues } from "./probe-kernel.ts";
import { Probe, ProbeMode } from "./probe.schema.ts";
import { timesOf } from "./times.ts";

const SEED = 0x2b7e_1516;
const MIB = 2 ** 20;
const VECTOR_BYTES = 16;
const SMALL_BYTES = MIB;
const OTHER_BYTES = 256 * MIB;
const TRACE_BYTES = 16 * MIB;
const REPETITIONS = 5;
/** Reads, one after the other, that are timed together. */
const CHASE_READS = 4096;
const MODE_ID = 1;
const VARIANT_ID = 2;
/** Workgroups of the kernel that looks for what is left in shared memory: enough to reach every part of a large device. */
const REMAINS_WORKGROUPS = 256;
const REMAINS_THREADS = 64;
const SHARED_WORDS = 3_072;
const REGISTER_WORDS = 16;

const LIFETIMES: Readonly<Record<Component, string>> = {
  registers: "one invocation",
  "shared memory": "one workgroup",
  "L2 contents": "until other traffic takes the lines",
  "device memory": "until the buffer is freed",
  "mapped memory": "until the buffer is freed",
  pipelines: "until the pipeline is destroyed",
  "driver's disk cache": "until the driver's cache is cleared",
};

/** Leaves what the next process looks for. Frees nothing by hand: the process is to end with it. */
export async function leaveTraces(device: Device): Promise<Traces> {
  await inRemains(device, async ({ write }) => {
    device.run((recorder) => write(recorder));
    await Promise.resolve();
  });
  using traffic = await ProbeKernel.open(device, "traffic");
  using memory = device.createBuffer({ role: "device", sizeBytes: TRACE_BYTES, label: "traces" });
  using mapped = device.createBuffer({ role: "readback", sizeBytes: SMALL_BYTES, label: "traces" });
  traffic.run(patternOf(memory, ProbeMode.WRITE), workgroupsFor(memory.sizeBytes));
  fillPattern(new Uint32Array(mapped.host));
  const variant = (Math.floor(performance.timeOrigin) ^ (process.pid << 8)) >>> 0;
  return { pid: process.pid, variant, creationUs: await timeCreation(device, variant) };
}

/**
 * Fills the table. Takes a second or two.
 * @param traces what an earlier process left, if one did
 */
export async function probePersistence(
  device: Device,
  traces: Traces | undefined,
): Promise<PersistenceRow[]> {
  const isOther = traces !== undefined && traces.pid !== process.pid;
  const cells = new Map<Component, PersistenceCell[]>(COMPONENTS.map((component) => [component, []]));
  const note = (
    component: Component,
    gap: Gap,
    persists: PersistenceCell["persists"],
    seen: string,
  ): void => {
    cells.get(component)?.push({ gap, persists, seen });
  };
  const noProcess = "not asked: one process did all probes";

  // The process gap first: nothing of ours has touched the device yet.
  const remains = await probeRemains(device, isOther);
  for (const component of ["registers", "shared memory"] as const) {
    for (const gap of GAPS) {
      const found = remains[component][gap];
      if (found === undefined) note(component, gap, "unknown", noProcess);
      else note(component, gap, verdict(found.count, found.of, false), words(found.count, found.of));
    }
  }
  const memory = await probeMemory(device, isOther);
  for (const component of ["device memory", "mapped memory"] as const) {
    for (const gap of GAPS) {
      const found = memory[component][gap];
      const isPromised = gap !== "process";
      if (found === undefined) note(component, gap, "unknown", noProcess);
      else note(component, gap, verdict(found.count, found.of, isPromised), words(found.count, found.of));
    }
  }
  const cache = await probeCache(device);
  for (const gap of ["dispatch", "submission"] as const) {
    const warmNs = cache?.[gap];
    if (cache === undefined || warmNs === undefined) note("L2 contents", gap, "unknown", NO_TIMESTAMPS);
    else {
      const isWarm = warmNs * 1.2 < cache.coldNs;
      note(
        "L2 contents",
        gap,
        isWarm ? "by chance" : "no",
        `${Math.round(warmNs)} ns a read, ${Math.round(cache.coldNs)} ns after other traffic`,
      );
    }
  }
  note("L2 contents", "process", "no", "memory of a process that ended has no address");

  const pipelines = await probePipelines(device, isOther ? traces : undefined);
  for (const gap of ["dispatch", "submission"] as const) {
    note(
      "pipelines",
      gap,
      pipelines.runs === 4 ? "yes" : "no",
      `made once, ran ${pipelines.runs} of 4 times`,
    );
    note("driver's disk cache", gap, "unknown", "not asked: pipelines stay, so it is not looked at");
  }
  note("pipelines", "process", "no", "a pipeline is an object of its process");
  if (pipelines.diskUs === undefined || traces === undefined)
    note("driver's disk cache", "process", "unknown", noProcess);
  else {
    const isKept = pipelines.diskUs * 2 < traces.creationUs;
    const seen = `made and run in ${ms(traces.creationUs)}, by the next process in ${ms(pipelines.diskUs)}`;
    note("driver's disk cache", "process", isKept ? "yes" : "no", seen);
  }

  const costs: Readonly<Record<Component, readonly [costUs: number | undefined, cost: string]>> = {
    registers: [
      cache?.reloadUs,
      cache === undefined ? NO_TIMESTAMPS : "read 12 KiB of device memory, one workgroup",
    ],
    "shared memory": [
      cache?.reloadUs,
      cache === undefined ? NO_TIMESTAMPS : "read 12 KiB of device memory, one workgroup",
    ],
    "L2 contents": costOfCache(cache),
    "device memory": [memory.uploadUs, "upload 1 MiB from host memory"],
    "mapped memory": [memory.hostWriteUs, "write 1 MiB from the host"],
    pipelines: [pipelines.againUs, "make a pipeline that the driver knows, and run it once"],
    "driver's disk cache": [pipelines.freshUs, "make a pipeline that the driver never saw, and run it once"],
  };
  return COMPONENTS.map((component) => ({
    component,
    lifetime: LIFETIMES[component],
    cells: GAPS.flatMap((gap) => cells.get(component)?.filter((cell) => cell.gap === gap) ?? []),
    costUs: costs[component][0],
    cost: costs[component][1],
  }));
}

function costOfCache(cache: CacheTimes | undefined): readonly [costUs: number | undefined, cost: string] {
  if (cache === undefined) return [undefined, NO_TIMESTAMPS];
  const costUs = (cache.coldNs - cache.dispatch) / 1000;
  return costUs > 0 ? [costUs, "a read from device memory instead"] : [undefined, "no difference was seen"];
}

const NO_TIMESTAMPS = "not measured: the driver has no timestamps";

interface Found {
  readonly count: number;
  readonly of: number;
}
type FoundPerGap = Record<Gap, Found | undefined>;

function verdict(count: number, of: number, isPromised: boolean): PersistenceCell["persists"] {
  if (count === 0) return "no";
  if (isPromised) return count === of ? "yes" : "no";
  return "by chance";
}

const words = (count: number, of: number): string => `${count} of ${of} words survived`;
const ms = (timeUs: number): string => `${(timeUs / 1000).toFixed(2)} ms`;

// ── Registers and shared memory ─────────────────────────────────────────────────────────────────────────────────────

interface Remains {
  readonly write: (recorder: Recorder) => void;
  readonly look: (recorder: Recorder) => void;
  /** What `look` found since it was asked last. */
  readonly found: () => { shared: number; registers: number };
}

async function inRemains<T>(device: Device, body: (remains: Remains) => Promise<T>): Promise<T> {
  using writer = await ProbeKernel.open(device, "remains", {
    specialization: { [MODE_ID]: ProbeMode.WRITE },
  });
  using finder = await ProbeKernel.open(device, "remains", {
    specialization: { [MODE_ID]: ProbeMode.COUNT },
  });
  return await body({
    write: (recorder) => writer.record(recorder, { value: SEED }, REMAINS_WORKGROUPS),
    look: (recorder) => finder.record(recorder, { value: SEED }, REMAINS_WORKGROUPS),
    found: () => {
      const [shared = 0, registers = 0] = finder.answer;
      finder.answer.fill(0);
      return { shared, registers };
    },
  });
}

async function probeRemains(
  device: Device,
  hasTraces: boolean,
): Promise<{ registers: FoundPerGap; "shared memory": FoundPerGap }> {
  return await inRemains(device, async ({ write, look, found }) => {
    const steps: Record<Gap, () => void> = {
      process: () => device.run(look),
      dispatch: () =>
        device.run((recorder) => {
          write(recorder);
          look(recorder);
        }),
      submission: () => {
        device.run(write);
        device.run(look);
      },
    };
    const registers: FoundPerGap = { dispatch: undefined, submission: undefined, process: undefined };
    const shared: FoundPerGap = { ...registers };
    for (const gap of ["process", "dispatch", "submission"] as const) {
      if (gap === "process" && !hasTraces) continue;
      steps[gap]();
      const counted = found();
      registers[gap] = {
        count: counted.registers,
        of: REMAINS_WORKGROUPS * REMAINS_THREADS * REGISTER_WORDS,
      };
      shared[gap] = { count: counted.shared, of: REMAINS_WORKGROUPS * SHARED_WORDS };
    }
    return await Promise.resolve({ registers, "shared memory": shared });
  });
}

// ── Device memory and mapped memory ─────────────────────────────────────────────────────────────────────────────────

async function probeMemory(
  device: Device,
  hasTraces: boolean,
): Promise<{
  "device memory": FoundPerGap;
  "mapped memory": FoundPerGap;
  uploadUs: number;
  hostWriteUs: number;
}> {
  using traffic = await ProbeKernel.open(device, "traffic");
  const own: FoundPerGap = { dispatch: undefined, submission: undefined, process: undefined };
  const mapped: FoundPerGap = { ...own };
  const counted = (): number => {
    const [count = 0] = traffic.answer;
    traffic.answer.fill(0);
    return count;
  };
  if (hasTraces) {
    // New buffers of the sizes that the process before had: the likeliest to get its memory.
    using memory = device.createBuffer({ role: "device", sizeBytes: TRACE_BYTES, label: "traces" });
    using host = device.createBuffer({ role: "readback", sizeBytes: SMALL_BYTES, label: "traces" });
    traffic.run(patternOf(memory, ProbeMode.COUNT), workgroupsFor(TRACE_BYTES));
    own.process = { count: counted(), of: TRACE_BYTES / 4 };
    mapped.process = { count: countPattern(new Uint32Array(host.host)), of: SMALL_BYTES / 4 };
  }
  using memory = device.createBuffer({ role: "device", sizeBytes: SMALL_BYTES, label: "persistence probe" });
  using upload = device.createBuffer({
    role: "upload",
    sizeBytes: SMALL_BYTES,
    label: "persistence probe",
  });
  using readback = device.createBuffer({
    role: "readback",
    sizeBytes: SMALL_BYTES,
    label: "persistence probe",
  });
  using staging = device.createBuffer({
    role: "staging",
    sizeBytes: SMALL_BYTES,
    label: "persistence probe",
  });
  const of = SMALL_BYTES / 4;
  const groups = workgroupsFor(SMALL_BYTES);
  const write = (recorder: Recorder, buffer: DeviceBuffer): void =>
    traffic.record(recorder, patternOf(buffer, ProbeMode.WRITE), groups);
  const count = (recorder: Recorder, buffer: DeviceBuffer): void =>
    traffic.record(recorder, patternOf(buffer, ProbeMode.COUNT), groups);
  device.run((recorder) => {
    write(recorder, memory);
    count(recorder, memory);
  });
  own.dispatch = { count: counted(), of };
  device.run((recorder) => count(recorder, memory));
  own.submission = { count: counted(), of };
  // What the host wrote is counted by a kernel, what a kernel wrote by the host: half of the words each way.
  const timesUs: number[] = [];
  for (let index = 0; index < REPETITIONS; index++) {
    const begin = performance.now();
    fillPattern(new Uint32Array(upload.host));
    drainWriteCombining();
    timesUs.push((performance.now() - begin) * 1000);
  }
  device.run((recorder) => {
    write(recorder, readback);
    count(recorder, upload);
  });
  mapped.dispatch = { count: counted() + countPattern(new Uint32Array(readback.host)), of: 2 * of };
  device.run((recorder) => count(recorder, upload));
  mapped.submission = { count: counted() + countPattern(new Uint32Array(readback.host)), of: 2 * of };
  const uploadsUs: number[] = [];
  for (let index = 0; index < REPETITIONS; index++) {
    const begin = performance.now();
    device.run((recorder) => recorder.copy(staging, memory), { queue: device.transferQueue });
    uploadsUs.push((performance.now() - begin) * 1000);
  }
  return {
    "device memory": own,
    "mapped memory": mapped,
    uploadUs: timesOf(uploadsUs).p50Us,
    hostWriteUs: timesOf(timesUs).p50Us,
  };
}

function patternOf(buffer: DeviceBuffer, mode: number): ProbeValues {
  const count = buffer.sizeBytes / VECTOR_BYTES;
  return { target: buffer.address, count, mode, limit: roundsFor(buffer.sizeBytes), value: SEED };
}

const WORKGROUP_THREADS = 64;
const WORKGROUPS_MAX = 4_096;
const workgroupsFor = (sizeBytes: number): number =>
  Math.max(1, Math.min(WORKGROUPS_MAX, Math.ceil(sizeBytes / VECTOR_BYTES / WORKGROUP_THREADS)));
const roundsFor = (sizeBytes: number): number =>
  Math.ceil(sizeBytes / VECTOR_BYTES / (workgroupsFor(sizeBytes) * WORKGROUP_THREADS));

function fillPattern(target: Uint32Array): void {
  for (let index = 0; index < target.length; index++) target[index] = patternWord(index, SEED);
}

function countPattern(source: Uint32Array): number {
  let count = 0;
  for (let index = 0; index < source.length; index++)
    count += Number(source[index] === patternWord(index, SEED));
  return count;
}

// ── Caches ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface CacheTimes {
  /** A read of what was written just before, in the next dispatch, ns. */
  readonly dispatch: number;
  /** The same in the next submission. */
  readonly submission: number;
  /** The same after other traffic. */
  readonly coldNs: number;
  /** Reading back 12 KiB by one workgroup. */
  readonly reloadUs: number;
}

async function probeCache(device: Device): Promise<CacheTimes | undefined> {
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

// ── Pipelines ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function probePipelines(
  device: Device,
  traces: Traces | undefined,
): Promise<{ runs: number; freshUs: number; againUs: number; diskUs: number | undefined }> {
  const diskUs = traces && (await timeCreation(device, traces.variant));
  const variant = (Math.floor(performance.timeOrigin) ^ (process.pid << 8) ^ 0x5555) >>> 0;
  const freshUs = await timeCreation(device, variant);
  const againUs = await timeCreation(device, variant);
  using kernel = await ProbeKernel.open(device, "touch");
  let runs = 0;
  device.run((recorder) => {
    kernel.record(recorder, { value: 1 });
    kernel.record(recorder, { value: 2 });
  });
  if (kernel.answer[0] === 2) runs += 2;
  for (let value = 3; value <= 4; value++) {
    kernel.run({ value });
    if (kernel.answer[0] === value) runs++;
  }
  return { runs, freshUs, againUs, diskUs };
}

/** Makes a pipeline of its own and runs it once: some drivers compile only then. */
async function timeCreation(device: Device, variant: number): Promise<number> {
  const program = await sharedPrograms().program({ file: kernelFile("residency/kernels/remains") }, device);
  const answer = device.createBuffer({ role: "readback", sizeBytes: 16, label: "creation probe" });
  const constants = Probe.pack({ ...NO_PROBE_VALUES, answer: answer.address, value: SEED });
  const begin = performance.now();
  const pipeline = device.createComputePipeline({
    spirv: program.spirv,
    pushConstantBytes: Probe.sizeBytes,
    specialization: { [MODE_ID]: ProbeMode.WRITE, [VARIANT_ID]: variant },
    label: "creation probe",
  });
  device.run((recorder) => recorder.bind(pipeline).push(constants).dispatch(1).barrier("compute", "host"));
  const tookUs = (performance.now() - begin) * 1000;
  const sum = new Uint32Array(answer.host)[0] ?? 0;
  pipeline[Symbol.dispose]();
  answer[Symbol.dispose]();
  if (sum === 0)
    throw new EverwarpError("EW_KERNEL_FAULT", "a pipeline was made and its kernel wrote nothing");
  return tookUs;
}
