/**
 * The persistence table: what of a device's state is still there after a gap, measured.
 *
 *     gap          dispatch     between two dispatches of one submission
 *                  submission   between two submissions
 *                  process      between a process that ended and the next one (`leaveTraces` in the first, `traces` given to the second)
 *
 * Every probe leaves a pattern, lets the gap pass and counts what of it is found. Only device memory, mapped memory and
 * pipelines are promised by anyone; the rest is looked at to be sure that nothing relies on it, and to know what it
 * costs to have it again.
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
import { fillPattern, workgroupsFor, patternOf, SMALL_BYTES, TRACE_BYTES } from "./persistence-pattern.ts";
import { probePipelines, timeCreation } from "./persistence-pipelines.ts";
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

function verdict(count: number, of: number, isPromised: boolean): PersistenceCell["persists"] {
  if (count === 0) return "no";
  if (isPromised) return count === of ? "yes" : "no";
  return "by chance";
}

const words = (count: number, of: number): string => `${count} of ${of} words survived`;
const ms = (timeUs: number): string => `${(timeUs / 1000).toFixed(2)} ms`;
