/**
 * `everwarp lint --utilisation`: runs kernels with counters in place.
 *
 *     kernel.comp ──┬─ of everwarp ──▶ its system with a workload
 *                   ├─ includes kernel.glsl ──▶ opened as its program opens it, requests
 *                   └─ anything else ──▶ one launch
 */
import { EverwarpError } from "../../base/index.ts";
import { LaneCounters, type Reading, type Utilisation, utilisationOf } from "../../lint/index.ts";
import { compileWithLines, prepareSource, sharedPrograms } from "../../programs/index.ts";
import { spirvWords } from "../../spirv/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";
import {
  Device,
  type DeviceInfo,
  type DeviceSelection,
  listDevices,
  selectDevice,
} from "../../vulkan/index.ts";
import { includes, KERNEL_LIBRARY, KERNEL_TYPES, kernelProgram, noProgram } from "../lint/index.ts";
import { runPlain, type PlainKernel } from "./plain-kernel.ts";
import { type Run, runService } from "./service-kernel.ts";
import { kernelPath, runSystem, shippedSystem, whenItRuns } from "./shipped-kernels.ts";
import type { Workload } from "./workload.ts";

const MODULE_BYTES_MAX = 64 << 20;

/** What was measured of a file. */
export interface UtilisationReport {
  readonly file: string;
  readonly device: string;
  readonly run: Run | undefined;
  /** One for each form of the kernel that was made. */
  readonly kernels: readonly Utilisation[];
  /** Why the kernel could not be measured. */
  readonly error?: EverwarpError;
}

/**
 * The device that is to run the kernels: hardware, or else a software device, if none is named.
 *
 * @throws EW_NO_DEVICE, EW_NO_VULKAN, EW_DRIVER_TOO_OLD, EW_DEVICE_FORBIDDEN
 */
export function chooseDevice(select: DeviceSelection): DeviceInfo {
  const devices = listDevices().map((info) => ({ info }));
  return selectDevice(devices, select, true).info;
}

/** Measures one kernel. Errors of the file become a part of the report. */
export async function measureFile(
  given: string,
  device: Pick<DeviceInfo, "index" | "name">,
  workload: Workload,
): Promise<UtilisationReport> {
  const file = kernelPath(given);
  const about = { file: given, device: device.name };
  try {
    const system = shippedSystem(file);
    const measurePart = (part: number): Promise<Measured> =>
      system === undefined
        ? measureOwn(file, device.index, workload, part)
        : measureShipped(file, system, device.index, part);
    const first = await measurePart(0);
    const readings = [...first.readings];
    const partCount = Math.max(1, ...readings.map((reading) => reading.partCount));
    for (let part = 1; part < partCount; part++) readings.push(...(await measurePart(part)).readings);
    const kernels = [...byForm(readings).values()].map(utilisationOf);
    if (first.run.trouble === undefined && kernels.every(({ lanes }) => lanes === undefined))
      throw notReached(file, first.run.done);
    return { ...about, run: first.run, kernels };
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code === "EW_INTERNAL") throw error;
    return { ...about, run: undefined, kernels: [], error };
  }
}

/** The error for a kernel that the work did not come to. */
function notReached(file: string, done: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `nothing of the kernel ran in ${done}`, {
    remedy:
      whenItRuns(file) ??
      "Give the kernel other work: --requests, --words and --workgroups say what it gets.",
  });
}

interface Measured {
  readonly run: Run;
  readonly readings: readonly Reading[];
}

/** Readings of the parts of a kernel belong together. A file may give several kernels, with other constants. */
function byForm(readings: readonly Reading[]): ReadonlyMap<string, readonly [Reading, ...Reading[]]> {
  const forms = new Map<string, readonly [Reading, ...Reading[]]>();
  for (const reading of readings) {
    const phases = reading.phases.map(({ kind, name }) => `${kind} ${name}`);
    const form = [reading.name, reading.workgroupSize, ...phases].join("\n");
    forms.set(form, [...(forms.get(form) ?? []), reading] as [Reading, ...Reading[]]);
  }
  return forms;
}

/** A kernel of everwarp: its system opens the device, so the counters are put in from below. */
async function measureShipped(file: string, system: string, select: number, part: number): Promise<Measured> {
  const all: LaneCounters[] = [];
  const readings: Reading[] = [];
  sharedPrograms().rewriteWith((device) => {
    const counters = new LaneCounters(device, { isWanted: (each) => each === file, part });
    all.push(counters);
    return counters.rewrite;
  });
  try {
    const run = await runSystem(system, select, () => {
      for (const counters of all) readings.push(...counters.readings());
    });
    return { run, readings };
  } finally {
    // The counters went with the device.
    sharedPrograms().rewriteWith(undefined);
  }
}

async function measureOwn(file: string, select: number, workload: Workload, part: number): Promise<Measured> {
  const device = Device.open({ select, allowSoftware: true });
  try {
    const counters = new LaneCounters(device, { isWanted: (each) => each === file, part });
    const program = file.endsWith(".spv") ? undefined : kernelProgram(file);
    let run: Run;
    if (program !== undefined) {
      sharedPrograms().rewriteWith(() => counters.rewrite);
      run = await runService(file, program, workload, device);
    } else run = await runPlain(await compiledKernel(file), workload, device, counters);
    return { run, readings: counters.readings() };
  } finally {
    sharedPrograms().rewriteWith(undefined);
    device.close();
  }
}

async function compiledKernel(file: string): Promise<PlainKernel> {
  if (file.endsWith(".spv")) {
    const answer = readRegularFileSync(file, MODULE_BYTES_MAX);
    if (answer.state === "read") return { name: file, spirv: spirvWords(answer.bytes) };
    throw new EverwarpError("EW_PATH_UNREADABLE", `the module ${file} cannot be read`, {
      remedy: "Check its path.",
    });
  }
  const { files } = prepareSource({ file, virtualFiles: { [KERNEL_TYPES]: "" } });
  if (includes(files, KERNEL_LIBRARY)) throw noProgram(file);
  if (includes(files, "residency.glsl"))
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `${file} includes residency.glsl, and has a queue of its own`,
      {
        remedy: "Include kernel.glsl instead: everwarp can send requests to that.",
      },
    );
  const { spirv, locate } = await compileWithLines({ file });
  return { name: file, spirv, locate: ({ line }) => locate(line) };
}
