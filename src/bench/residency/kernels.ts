/** The kernels of `everwarp bench residency`, each with its slow reference. */
import { struct, u32 } from "../../schema/index.ts";

/** The smallest kernel: it returns a word plus one. It has no state, so nothing is kept for a replay. */
export const echoKernel = {
  source: {
    text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  if (gl_LocalInvocationIndex == 0u) respond(slot, Echoed(requestAt(slot).word + 1u));
}
`,
  },
  label: "echo of bench residency",
  request: struct("Echo", { word: u32 }),
  response: struct("Echoed", { word: u32 }),
} as const;

/** What the echo kernel answers. */
export function echoReference(word: number): number {
  return (word + 1) >>> 0;
}

const VAULT_TEXT = `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Vault { uint cells[]; };
void perform(uint slot) {
  if (gl_LocalInvocationIndex != 0u) return;
  Deposit deposit = requestAt(slot);
  Vault vault = Vault(vaultState());
  uint sum = vault.cells[deposit.cell] + deposit.amount;
  vault.cells[deposit.cell] = sum;
  respond(slot, Balance(sum));
}
`;

/** A kernel with state of any size: each request adds to one cell. */
export function vaultKernel(stateBytes: number) {
  return {
    source: { text: VAULT_TEXT },
    label: "vault of bench residency",
    request: struct("Deposit", { cell: u32, amount: u32 }),
    response: struct("Balance", { sum: u32 }),
    state: { vault: stateBytes },
  } as const;
}

/** What the vault kernel answers, one deposit after another. */
export function vaultReference(): (deposit: { cell: number; amount: number }) => { sum: number } {
  const cells = new Map<number, number>();
  return ({ cell, amount }) => {
    const sum = ((cells.get(cell) ?? 0) + amount) >>> 0;
    cells.set(cell, sum);
    return { sum };
  };
}

/**
 * A kernel with work of a known length: rounds of a random number generator (Lehmer, with the numbers of
 * Numerical Recipes' "ranqd1").
 */
export const workKernel = {
  source: {
    text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  Work work = requestAt(slot);
  uint value = work.seed;
  for (uint round = 0u; round < work.rounds; round++) value = value * 1664525u + 1013904223u;
  spend(work.rounds);
  if (gl_LocalInvocationIndex == 0u) respond(slot, Worked(value));
}
`,
  },
  label: "work of bench residency",
  request: struct("Work", { seed: u32, rounds: u32 }),
  response: struct("Worked", { value: u32 }),
} as const;

/** What the work kernel answers. */
export function workReference({ seed, rounds }: { seed: number; rounds: number }): number {
  let value = seed;
  for (let round = 0; round < rounds; round++) value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
  return value;
}
