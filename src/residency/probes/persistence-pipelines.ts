/** Measures pipelines and the driver's disk cache: the cost of making a pipeline again. */
import { EverwarpError } from "../../base/index.ts";
import { kernelFile, sharedPrograms } from "../../programs/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { Traces } from "../profile/index.ts";
import { SEED } from "./persistence-pattern.ts";
import { MODE_ID } from "./persistence-remains.ts";
import { NO_PROBE_VALUES, ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode, Probe } from "./probe.schema.ts";

const VARIANT_ID = 2;

/** How many of 4 runs succeeded, and the times for making a pipeline, in microseconds. */
export interface PipelineFindings {
  readonly runs: number;
  readonly freshUs: number;
  readonly againUs: number;
  /** Undefined if there are no traces of an earlier process. */
  readonly diskUs: number | undefined;
}

/** Whether pipelines stay usable, and the cost of making them: new, again, and known from the earlier process. */
export async function probePipelines(device: Device, traces: Traces | undefined): Promise<PipelineFindings> {
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

/** Makes a pipeline and runs it once, because some drivers compile only then. @returns microseconds */
export async function timeCreation(device: Device, variant: number): Promise<number> {
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
