/** Programs to fill a cache with: any number, each with its own source and its own answer. */
import type { ProgramRequest, ProgramLease } from "../../programs/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { expectResult } from "../measure/index.ts";

const LANES = 64;
const ROUNDS = 16;

const SOURCE = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
layout(buffer_reference, scalar, buffer_reference_align = 4) writeonly buffer Words { uint words[]; };
layout(local_size_x = ${LANES}) in;
layout(push_constant, scalar) uniform Push { Words answer; } push;
shared uint sh_sums[${LANES}];

uint mixed(uint value) {
  value = (value ^ (value >> 16)) * 0x7feb352du;
  value = (value ^ (value >> 15)) * 0x846ca68bu;
  return value ^ (value >> 16);
}

void main() {
  uint lane = gl_LocalInvocationID.x;
  uint value = lane + uint(SEED);
  for (uint i = 0u; i < ${ROUNDS}u; i++) value = mixed(value + i);
  sh_sums[lane] = value;
  barrier();
  for (uint reach = ${LANES / 2}u; reach > 0u; reach >>= 1) {
    if (lane < reach) sh_sums[lane] += sh_sums[lane + reach];
    barrier();
  }
  if (lane == 0u) push.answer.words[0] = sh_sums[0];
}
`;

/** The n-th program. It is always the same object, because the cache recognises a request by it. */
export function numberedProgram(index: number): ProgramRequest {
  let request = requests.get(index);
  if (request === undefined) {
    request = { source: SOURCE, name: `bench program ${index}`, defines: { SEED: index * 1000 } };
    requests.set(index, request);
  }
  return request;
}
const requests = new Map<number, ProgramRequest>();

/** The answer of the n-th program: its reference. The mixing is Chris Wellons' "lowbias32". */
export function numberedAnswer(index: number): number {
  const mixed = (value: number): number => {
    let x = value >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return (x ^ (x >>> 16)) >>> 0;
  };
  let sum = 0;
  for (let lane = 0; lane < LANES; lane++) {
    let value = lane + index * 1000;
    for (let i = 0; i < ROUNDS; i++) value = mixed(value + i);
    sum = (sum + value) >>> 0;
  }
  return sum;
}

/** Runs the n-th program once. @throws EW_BENCH_WRONG_RESULT */
export function checkNumbered(device: Device, lease: ProgramLease, index: number): void {
  using answer: DeviceBuffer = device.createBuffer({ role: "readback", sizeBytes: 64 });
  const push = new DataView(new ArrayBuffer(8));
  push.setBigUint64(0, answer.address, true);
  device.run((recorder) => recorder.bind(lease.pipeline).push(push).dispatch(1).barrier("compute", "host"));
  expectResult(`answer of program ${index}`, new Uint32Array(answer.host)[0], numberedAnswer(index));
}
