/** A process whose work on the device runs out of time, and that disposes of everything it used at once, as `using` does. */
import { EverwarpError } from "../../src/base/errors.ts";
import { sharedPrograms } from "../../src/programs/index.ts";
import { Device } from "../../src/vulkan/device/device.ts";
import type { ComputePipeline } from "../../src/vulkan/pipeline/pipeline.ts";

const TEXT = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 64) in;
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(push_constant) uniform Where { Words target; uint count; };
void main() {
  uint at = gl_GlobalInvocationID.x;
  // Fewer rounds than any driver's limit; there are many workgroups.
  for (uint round = 0u; round < 60000u; round++) target.words[(at * 977u + round * 64u) % count] = round + at;
}
`;
const WORKGROUPS = 100;
const SIZE_BYTES = 64 << 20;

function work(device: Device, pipeline: ComputePipeline): void {
  using buffer = device.createBuffer({ role: "device", sizeBytes: SIZE_BYTES });
  const push = new DataView(new ArrayBuffer(12));
  push.setBigUint64(0, buffer.address, true);
  push.setUint32(8, SIZE_BYTES / 4, true);
  device.run((recorder) => recorder.bind(pipeline).push(push).dispatch(WORKGROUPS), { timeoutMs: 50 });
}

/** @param way `close`: the device is closed in the end. `exit`: the process ends under the work */
export async function runOverdue(way: string, select: number): Promise<void> {
  const device = Device.open({ select });
  const program = await sharedPrograms().acquire(device, { source: TEXT, name: "overdue" });
  let code = "ok";
  try {
    work(device, program.pipeline);
  } catch (error) {
    code = error instanceof EverwarpError ? error.code : String(error);
  }
  program.release();
  process.stdout.write(code);
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (way === "exit") process.exit(3);
  for (;;) {
    try {
      device.close();
      return;
    } catch (error) {
      if (!(error instanceof EverwarpError && error.code === "EW_TIMEOUT")) throw error;
    }
  }
}
