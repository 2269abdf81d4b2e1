/**
 * The kernel of `everwarp bench soak`, and its slow reference. Every request changes state. So its answer
 * shows whether a request was lost, performed twice, or performed in another order. Each request leaves a
 * record that can be asked for later.
 */
import { array, struct, u32 } from "../../schema/index.ts";

/** Number of cells in the kernel's state. */
export const CELLS = 16;
/** A record is overwritten by the request that comes so many requests later. */
export const RECORDS = 4096;
/** The kernel's operations. */
export const Operation = { ADD: 0, JOB: 1, REFUSE: 2, LOOK_UP: 3 } as const;
/** The code with which the kernel refuses REFUSE. */
export const REFUSAL_CODE = 7;
/** Padding, so that a request does not fit into the header of its slot. */
export const DATA_WORDS = 24;

const text = `#version 460
#include "kernel.glsl"

// Which request was performed last with this number, how often, and as which of all.
struct Record { uint serial; uint times; uint order; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Totals { uint count; uint cells[${CELLS}]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Records { Record records[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Scratch { uint priorities[2]; };

void perform(uint slot) {
  Task task = requestAt(slot);
  Totals totals = Totals(totalsState());
  Scratch scratch = Scratch(scratchState());
  uint step = uint(progress());
  bool isLast = task.operation != ${Operation.JOB}u || step + 1u >= task.slices;

  // A job adds the numbers of its slices; one that is lost or done twice shows in the sum.
  if (task.operation == ${Operation.JOB}u && gl_LocalInvocationIndex == 0u)
    scratch.priorities[currentPriority] = (step == 0u ? 0u : scratch.priorities[currentPriority]) + step + 1u;
  if (!isLast) {
    suspend(uint64_t(step + 1u));
    return;
  }
  if (gl_LocalInvocationIndex != 0u) return;
  if (task.operation == ${Operation.REFUSE}u) {
    fail(slot, ${REFUSAL_CODE}u);
    return;
  }
  Record record = Records(recordsState()).records[task.serial % ${RECORDS}u];
  if (task.operation == ${Operation.LOOK_UP}u) {
    bool isKnown = record.serial == task.serial;
    respond(slot, Report(task.serial, isKnown ? record.order : 0u, isKnown ? record.times : 0u, totals.count));
    return;
  }
  uint amount = task.amount + (task.operation == ${Operation.JOB}u ? scratch.priorities[currentPriority] : 0u);
  for (uint index = 0u; index < ${DATA_WORDS}u; index++) amount += task.data[index];
  spend(${DATA_WORDS}u);
  uint order = totals.count + 1u;
  uint times = record.serial == task.serial ? record.times + 1u : 1u;
  uint sum = totals.cells[task.cell] + amount;
  totals.count = order;
  totals.cells[task.cell] = sum;
  Records(recordsState()).records[task.serial % ${RECORDS}u] = Record(task.serial, times, order);
  respond(slot, Report(task.serial, order, times, sum));
}
`;

/** The kernel's source and types. */
export const soakKernel = {
  source: { text },
  label: "soak",
  request: struct("Task", {
    operation: u32,
    serial: u32,
    cell: u32,
    amount: u32,
    slices: u32,
    data: array(u32, DATA_WORDS),
  }),
  response: struct("Report", { serial: u32, order: u32, times: u32, sum: u32 }),
  state: { totals: 4 * (1 + CELLS), records: 12 * RECORDS, scratch: 8 },
  workgroupSize: 64,
} as const;

/** A request. Serials count from 1. */
export interface Task {
  readonly operation: number;
  readonly serial: number;
  readonly cell: number;
  readonly amount: number;
  readonly slices: number;
  readonly data: number[];
}

/** What the kernel answers. */
export interface Report {
  readonly serial: number;
  /** Its place among all requests that changed state, from 1. */
  readonly order: number;
  /** How often it was performed. */
  readonly times: number;
  /** Its cell after the request. For LOOK_UP: the number of requests that changed state. */
  readonly sum: number;
}

/** The reference: the kernel's state after each request, in the order in which they were performed. */
export class SoakReference {
  readonly #cells: Uint32Array;
  #count: number;

  constructor(before?: SoakReference) {
    this.#cells = before === undefined ? new Uint32Array(CELLS) : before.#cells.slice();
    this.#count = before === undefined ? 0 : before.#count;
  }

  /** Requests performed so far. */
  get count(): number {
    return this.#count;
  }

  perform({ operation, serial, cell, amount, slices, data }: Task): Report {
    let sum = (this.#cells[cell] as number) + amount;
    for (const word of data) sum += word;
    for (let slice = 1; operation === Operation.JOB && slice <= slices; slice++) sum += slice;
    this.#cells[cell] = sum;
    return { serial, order: ++this.#count, times: 1, sum: this.#cells[cell] as number };
  }
}
