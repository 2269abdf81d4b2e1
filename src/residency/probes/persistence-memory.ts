/** Device memory and mapped memory: what is left of them after a gap. */
import type { DeviceBuffer, Recorder, Device } from "../../vulkan/index.ts";
import { drainWriteCombining } from "../queue/index.ts";
import {
  fillPattern,
  REPETITIONS,
  countPattern,
  workgroupsFor,
  patternOf,
  SMALL_BYTES,
  TRACE_BYTES,
  type FoundPerGap,
} from "./persistence-pattern.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode } from "./probe.schema.ts";
import { timesOf } from "./times.ts";

/** What of device memory and mapped memory is left after each gap, and what it costs to write it again. */
export async function probeMemory(
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
