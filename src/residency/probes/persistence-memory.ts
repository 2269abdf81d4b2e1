/** Measures what remains of device memory and mapped memory after a gap. */
import type { DeviceBuffer, Recorder, Device, MemoryRole } from "../../vulkan/index.ts";
import { drainWriteCombining } from "../queue/index.ts";
import {
  fillPattern,
  REPETITIONS,
  countPattern,
  workgroupsFor,
  patternOf,
  SMALL_BYTES,
  TRACE_BYTES,
  type Found,
  type FoundPerGap,
} from "./persistence-pattern.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { ProbeMode } from "./probe.schema.ts";
import { timesOf } from "./times.ts";

/** What remains of device memory and mapped memory after each gap, and the cost of writing it again. */
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
  if (hasTraces) [own.process, mapped.process] = countTraces(device, traffic);
  const make = (role: MemoryRole): DeviceBuffer =>
    device.createBuffer({ role, sizeBytes: SMALL_BYTES, label: "persistence probe" });
  using memory = make("device");
  using upload = make("upload");
  using readback = make("readback");
  using staging = make("staging");
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
  own.dispatch = { count: takeCount(traffic), of };
  device.run((recorder) => count(recorder, memory));
  own.submission = { count: takeCount(traffic), of };
  // A kernel counts what the host wrote, and the host counts what a kernel wrote: half of the words each.
  const hostWriteUs = medianUs(() => {
    fillPattern(new Uint32Array(upload.host));
    drainWriteCombining();
  });
  device.run((recorder) => {
    write(recorder, readback);
    count(recorder, upload);
  });
  mapped.dispatch = { count: takeCount(traffic) + countPattern(new Uint32Array(readback.host)), of: 2 * of };
  device.run((recorder) => count(recorder, upload));
  mapped.submission = {
    count: takeCount(traffic) + countPattern(new Uint32Array(readback.host)),
    of: 2 * of,
  };
  const uploadUs = medianUs(() =>
    device.run((recorder) => recorder.copy(staging, memory), { queue: device.transferQueue }),
  );
  return { "device memory": own, "mapped memory": mapped, uploadUs, hostWriteUs };
}

/** Counts the traces of the earlier process: in device memory, and in mapped memory. */
function countTraces(device: Device, traffic: ProbeKernel): [own: Found, mapped: Found] {
  // New buffers with the sizes that the earlier process used are most likely to get the same memory.
  using memory = device.createBuffer({ role: "device", sizeBytes: TRACE_BYTES, label: "traces" });
  using host = device.createBuffer({ role: "readback", sizeBytes: SMALL_BYTES, label: "traces" });
  traffic.run(patternOf(memory, ProbeMode.COUNT), workgroupsFor(TRACE_BYTES));
  return [
    { count: takeCount(traffic), of: TRACE_BYTES / 4 },
    { count: countPattern(new Uint32Array(host.host)), of: SMALL_BYTES / 4 },
  ];
}

/** The count that the traffic kernel left. Resets it. */
function takeCount(traffic: ProbeKernel): number {
  const [count = 0] = traffic.answer;
  traffic.answer.fill(0);
  return count;
}

/** The median time of a repeated step, in microseconds. */
function medianUs(step: () => void): number {
  const timesUs = Array.from({ length: REPETITIONS }, () => {
    const begin = performance.now();
    step();
    return (performance.now() - begin) * 1000;
  });
  return timesOf(timesUs).p50Us;
}
