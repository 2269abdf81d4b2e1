/**
 * A long job for tests, whose answer shows every slice that was lost or done twice: request `slices` is performed in so many entries, each
 * of which adds its number to the state; with a pause of `rounds` loop rounds in each.
 */
import { struct, u32, u64 } from "../../src/schema/index.ts";

const text = `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Job { uint64_t sum; uint entries; uint spun; };
void perform(uint slot) {
  Steps steps = requestAt(slot);
  Job job = Job(jobState());
  uint step = uint(progress());
  for (uint round = 0u; round < steps.rounds; round++) job.spun = round;
  spend(steps.rounds);
  if (gl_LocalInvocationIndex == 0u) {
    job.sum += uint64_t(step + 1u);
    job.entries++;
    if (step + 1u >= steps.slices) respond(slot, Done(job.sum, job.entries));
  }
  if (step + 1u < steps.slices) suspend(uint64_t(step + 1u));
}
`;

export const stepsKernel = {
  source: { text },
  label: "steps",
  request: struct("Steps", { slices: u32, rounds: u32 }),
  response: struct("Done", { sum: u64, entries: u32 }),
  state: { job: 16 },
  workgroupSize: 32,
} as const;

/** Answers one job after the other. */
export function stepsReference(): (job: { slices: number }) => { sum: bigint; entries: number } {
  let sum = 0n;
  let entries = 0;
  return ({ slices }) => {
    for (let step = 1; step <= slices; step++) {
      sum += BigInt(step);
      entries++;
    }
    return { sum, entries };
  };
}
