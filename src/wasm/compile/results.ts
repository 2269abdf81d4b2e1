/** How wide the results of operations are. */
import { Operation as Op } from "../form/index.ts";
import { opcodeOf, VALUE_TYPE } from "../module/index.ts";

/** The loads that give 64 bits, counted from i32.load. */
const LONG_LOADS: ReadonlySet<number> = new Set([1, 3, 8, 9, 10, 11, 12, 13]);

/** Whether an operation gives more than 32 bits. Moves and selects give what they are given. */
export function givesLong(operation: number): boolean {
  if (operation >= Op.LANE_FIRST) return true;
  if (operation >= Op.FIRST_LOAD && operation < Op.FIRST_STORE)
    return LONG_LOADS.has(operation - Op.FIRST_LOAD);
  if (operation < Op.I32_EQZ || operation >= Op.MEMORY_INIT) return false;
  const [result] = opcodeOf(wasmOpcode(operation))!.signature!.results;
  return result === VALUE_TYPE.i64 || result === VALUE_TYPE.f64;
}

/** WebAssembly's opcode of a numeric operation. */
export function wasmOpcode(operation: number): number {
  return operation >= Op.I32_TRUNC_SAT_F32_S ? operation - Op.I32_TRUNC_SAT_F32_S + 0xfc00 : operation;
}
