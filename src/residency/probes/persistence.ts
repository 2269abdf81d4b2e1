/**
 * The persistence table: measures which parts of a device's state remain after a gap.
 *
 *     gap          dispatch     between two dispatches of one submission
 *                  submission   between two submissions
 *                  process      between a process that ended and the next one
 *                               (the first calls `leaveTraces`; the second gets them as `traces`)
 *
 * Every probe writes a pattern, lets the gap pass, and counts what it finds. Only device memory, mapped memory and
 * pipelines are promised by Vulkan. The rest is measured to be sure that nothing relies on it, and to know the cost of
 * restoring it.
 */
import type { Device } from "../../vulkan/index.ts";
import {
  GAPS,
  type Gap,
  COMPONENTS,
  type PersistenceCell,
  type PersistenceRow,
  type Traces,
  type Component,
} from "../profile/index.ts";
import { type CacheTimes, probeCache } from "./persistence-cache.ts";
import { probeMemory } from "./persistence-memory.ts";
import {
  fillPattern,
  type FoundPerGap,
  workgroupsFor,
  patternOf,
  SMALL_BYTES,
  TRACE_BYTES,
} from "./persistence-pattern.ts";
import { type PipelineFindings, probePipelines, timeCreation } from "./persistence-pipelines.ts";
import { probeRemains, inRemains } from "./persistence-remains.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode } from "./probe.schema.ts";

const LIFETIMES: Readonly<Record<Component, string>> = {
  registers: "one invocation",
  "shared memory": "one workgroup",
  "L2 contents": "until other traffic takes the lines",
  "device memory": "until the buffer is freed",
  "mapped memory": "until the buffer is freed",
  pipelines: "until the pipeline is destroyed",
  "driver's disk cache": "until the driver's cache is cleared",
};

/** Writes traces for the next process. Frees nothing, because the process is meant to end with its memory in use. */
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

type Note = (component: Component, gap: Gap, persists: PersistenceCell["persists"], seen: string) => void;

/**
 * Fills the table. Takes one or two seconds.
 * @param traces the traces of an earlier process, if there are any
 */
export async function probePersistence(
  device: Device,
  traces: Traces | undefined,
): Promise<PersistenceRow[]> {
  const isOther = traces !== undefined && traces.pid !== process.pid;
  const cells = new Map<Component, PersistenceCell[]>(COMPONENTS.map((component) => [component, []]));
  const note: Note = (component, gap, persists, seen) => {
    cells.get(component)?.push({ gap, persists, seen });
  };

  // The process gap comes first, because this process has not used the device yet.
  const remains = await probeRemains(device, isOther);
  notePattern(note, "registers", remains.registers, false);
  notePattern(note, "shared memory", remains["shared memory"], false);
  const memory = await probeMemory(device, isOther);
  notePattern(note, "device memory", memory["device memory"], true);
  notePattern(note, "mapped memory", memory["mapped memory"], true);
  const cache = await probeCache(device);
  noteCache(note, cache);
  const pipelines = await probePipelines(device, isOther ? traces : undefined);
  notePipelines(note, pipelines, traces);

  const costs = costsOf(memory, cache, pipelines);
  return COMPONENTS.map((component) => ({
    component,
    lifetime: LIFETIMES[component],
    cells: GAPS.flatMap((gap) => cells.get(component)?.filter((cell) => cell.gap === gap) ?? []),
    costUs: costs[component][0],
    cost: costs[component][1],
  }));
}

/** @param isPromised whether Vulkan promises the component within one process */
function notePattern(note: Note, component: Component, foundPerGap: FoundPerGap, isPromised: boolean): void {
  for (const gap of GAPS) {
    const found = foundPerGap[gap];
    if (found === undefined) {
      note(component, gap, "unknown", NO_PROCESS);
      continue;
    }
    const persists = verdict(found.count, found.of, isPromised && gap !== "process");
    note(component, gap, persists, words(found.count, found.of));
  }
}

function noteCache(note: Note, cache: CacheTimes | undefined): void {
  for (const gap of ["dispatch", "submission"] as const) {
    if (cache === undefined) {
      note("L2 contents", gap, "unknown", NO_TIMESTAMPS);
      continue;
    }
    const warmNs = cache[gap];
    const isWarm = warmNs * 1.2 < cache.coldNs;
    const seen = `${Math.round(warmNs)} ns a read, ${Math.round(cache.coldNs)} ns after other traffic`;
    note("L2 contents", gap, isWarm ? "by chance" : "no", seen);
  }
  note("L2 contents", "process", "no", "memory of a process that ended has no address");
}

function notePipelines(note: Note, pipelines: PipelineFindings, traces: Traces | undefined): void {
  for (const gap of ["dispatch", "submission"] as const) {
    const persists = pipelines.runs === 4 ? "yes" : "no";
    note("pipelines", gap, persists, `made once, ran ${pipelines.runs} of 4 times`);
    note("driver's disk cache", gap, "unknown", "not asked: pipelines stay, so it is not looked at");
  }
  note("pipelines", "process", "no", "a pipeline is an object of its process");
  if (pipelines.diskUs === undefined || traces === undefined) {
    note("driver's disk cache", "process", "unknown", NO_PROCESS);
    return;
  }
  const isKept = pipelines.diskUs * 2 < traces.creationUs;
  const seen = `made and run in ${ms(traces.creationUs)}, by the next process in ${ms(pipelines.diskUs)}`;
  note("driver's disk cache", "process", isKept ? "yes" : "no", seen);
}

type Cost = readonly [costUs: number | undefined, cost: string];

function costsOf(
  memory: { readonly uploadUs: number; readonly hostWriteUs: number },
  cache: CacheTimes | undefined,
  pipelines: PipelineFindings,
): Readonly<Record<Component, Cost>> {
  const reload: Cost = [
    cache?.reloadUs,
    cache === undefined ? NO_TIMESTAMPS : "read 12 KiB of device memory, one workgroup",
  ];
  return {
    registers: reload,
    "shared memory": reload,
    "L2 contents": costOfCache(cache),
    "device memory": [memory.uploadUs, "upload 1 MiB from host memory"],
    "mapped memory": [memory.hostWriteUs, "write 1 MiB from the host"],
    pipelines: [pipelines.againUs, "make a pipeline that the driver knows, and run it once"],
    "driver's disk cache": [pipelines.freshUs, "make a pipeline that the driver never saw, and run it once"],
  };
}

function costOfCache(cache: CacheTimes | undefined): Cost {
  if (cache === undefined) return [undefined, NO_TIMESTAMPS];
  const costUs = (cache.coldNs - cache.dispatch) / 1000;
  return costUs > 0 ? [costUs, "a read from device memory instead"] : [undefined, "no difference was seen"];
}

const NO_PROCESS = "not asked: one process did all probes";
const NO_TIMESTAMPS = "not measured: the driver has no timestamps";

function verdict(count: number, of: number, isPromised: boolean): PersistenceCell["persists"] {
  if (count === 0) return "no";
  if (isPromised) return count === of ? "yes" : "no";
  return "by chance";
}

const words = (count: number, of: number): string => `${count} of ${of} words survived`;
const ms = (timeUs: number): string => `${(timeUs / 1000).toFixed(2)} ms`;
