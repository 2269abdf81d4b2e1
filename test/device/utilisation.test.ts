/** How many threads are at work: measured in kernels of which arithmetic tells it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LaneCounters, lintModule, type Utilisation } from "../../src/lint/index.ts";
import { compileWithLines } from "../../src/programs/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();
let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

const THREADS = 32;
const HEAD = `#version 460
#extension GL_EXT_buffer_reference : require
layout(local_size_x = ${THREADS}) in;
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint words[]; };
layout(push_constant) uniform Push { Words data; };
shared uint sh_sum;
`;

/** Runs a kernel with counters. */
async function measure(body: string, workgroups: readonly [number, number, number] = [1, 1, 1]): Promise<Utilisation> {
  const module = await compileWithLines({ source: `${HEAD}${body}` });
  using counters = new LaneCounters(device);
  const spirv = counters.count(module.spirv, { name: "kernel" });
  using data = device.createBuffer({ role: "readback", sizeBytes: 1 << 16 });
  new Uint8Array(data.host).fill(0);
  using pipeline = device.createComputePipeline({ spirv, pushConstantBytes: 8 });
  const address = new Uint8Array(new BigUint64Array([data.address]).buffer);
  device.run((recorder) => recorder.bind(pipeline).push(address).dispatch(...workgroups));
  const [utilisation] = counters.utilisation();
  if (utilisation === undefined) throw new Error("nothing was counted");
  return utilisation;
}

/** The loop of a kernel that has one. */
function loopOf({ phases }: Utilisation): Utilisation["phases"][number] {
  const [loop, ...more] = phases.filter(({ kind }) => kind === "loop");
  if (loop === undefined || more.length > 0) throw new Error(`${phases.length} phases`);
  return loop;
}

test.each([1, 5, 16, 32])("%i of 32 threads run a loop", async (count) => {
  const kernel = await measure(`void main() {
  if (gl_LocalInvocationIndex < ${count}u) for (uint i = 0u; i < 100u; i++) data.words[gl_LocalInvocationIndex] += i;
  barrier();
}`);
  console.log(JSON.stringify(kernel, undefined, 1));
  const loop = loopOf(kernel);
  expect(loop.lanes).toBe(count / THREADS);
});
