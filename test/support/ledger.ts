/**
 * A kernel for tests that shows at once whether a request was lost, performed twice or out of order: it adds to cells, and numbers what it has done. And its
 * slow reference.
 */
import { struct, u32 } from "../../src/schema/index.ts";

export const LEDGER_CELLS = 16;
/** Amount that the kernel refuses with code 7. */
export const REFUSED_AMOUNT = 0xffff_ffff;

const text = `#version 460
#include "kernel.glsl"
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Ledger { uint count; uint cells[]; };
void perform(uint slot) {
  Entry entry = requestAt(slot);
  if (gl_LocalInvocationIndex != 0u) return;
  if (entry.amount == 0xffffffffu) {
    fail(slot, 7u);
    return;
  }
  Ledger ledger = Ledger(ledgerState());
  ledger.count++;
  ledger.cells[entry.cell] += entry.amount;
  respond(slot, Balance(ledger.count, ledger.cells[entry.cell]));
}
`;

export const ledger = {
  source: { text },
  label: "ledger",
  request: struct("Entry", { cell: u32, amount: u32 }),
  response: struct("Balance", { count: u32, sum: u32 }),
  state: { ledger: 4 * (1 + LEDGER_CELLS) },
  workgroupSize: 32,
} as const;

export interface Entry {
  cell: number;
  amount: number;
}

/** Answers one entry after the other. */
export function ledgerReference(): (entry: Entry) => { count: number; sum: number } {
  const cells = new Uint32Array(LEDGER_CELLS);
  let count = 0;
  return ({ cell, amount }) => {
    cells[cell] += amount;
    return { count: ++count, sum: cells[cell] };
  };
}
