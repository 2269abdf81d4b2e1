/** Programs that write one number, so that the right program can be told from a wrong one. */
import type { ProgramLease } from "../../src/programs/cache/program-cache.ts";
import type { Device } from "../../src/vulkan/device/device.ts";

/** Writes VALUE + ADDEND into the word that it is told. VALUE is the specialization constant 3. */
export const valueSource = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
layout(local_size_x = 1) in;
layout(constant_id = 3) const uint VALUE = 5u;
#ifndef ADDEND
#define ADDEND 0
#endif
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words { uint words[]; };
layout(push_constant, scalar) uniform Push { Words data; uint index; } push;
void main() { push.data.words[push.index] = VALUE + ADDEND; }
`;

/** A source of its own for each value, which its program writes. */
export function workerSource(value: number): string {
  return valueSource.replace("VALUE + ADDEND", `${value}u + VALUE - 5u`);
}

/** Runs a program and returns what it wrote. */
export function resultOf(device: Device, lease: ProgramLease): number {
  using buffer = device.createBuffer({ role: "readback", sizeBytes: 64 });
  const push = new DataView(new ArrayBuffer(12));
  push.setBigUint64(0, buffer.address, true);
  device.run((recorder) => recorder.bind(lease.pipeline).push(push).dispatch(1).barrier("compute", "host"));
  return new Uint32Array(buffer.host)[0] ?? 0;
}
