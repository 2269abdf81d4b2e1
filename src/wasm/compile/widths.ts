/**
 * Which registers only ever have 32 bits: the upper half of their slot is zero whatever the function does. Kernels keep
 * them in variables of 32 bits.
 */
import { type Instruction, Kind, Mode, type Operand, Operation as Op } from "../form/index.ts";
import { VALUE_TYPE, type ValueType } from "../module/index.ts";
import type { ProgramFunction } from "../store/index.ts";
import { slotsOf } from "../translate/index.ts";
import type { FunctionCode } from "./function-code.ts";
import { givesLong } from "./results.ts";

/** The registers of a function that have more than 32 bits. */
export function longRegisters(code: FunctionCode, functions: readonly ProgramFunction[]): Set<number> {
  const long = new Set<number>();
  placeTypes(long, 0, code.type.params);
  /** What gets its value from another register: `[from, to]`. */
  const moves: [number, number][] = [];
  const take = (target: number, { kind, value }: Operand): void => {
    if (kind === Kind.REGISTER) moves.push([value, target]);
    else if (kind !== Kind.NUMBER) long.add(target);
  };
  for (const instruction of code.instructions) {
    const { operation, a, b, target } = instruction;
    if (operation === Op.CALL) placeTypes(long, b.value, functions[target]!.type.results);
    else if (operation === Op.CALL_INDIRECT) placeTypes(long, b.value, resultsOf(target, functions));
    else if (operation === Op.HOST_CALL) placeTypes(long, 0, code.type.results);
    if (!writesRegister(instruction)) continue;
    if (operation === Op.MOVE || operation === Op.SELECT) take(target, a);
    if (operation === Op.SELECT) take(target, b);
    if (givesLong(operation)) long.add(target);
  }
  for (let before = -1; before !== long.size;) {
    before = long.size;
    for (const [from, to] of moves) if (long.has(from)) long.add(to);
  }
  return long;
}

/** The results of functions of a type; a type that no function has is only ever called in vain. */
function resultsOf(typeNumber: number, functions: readonly ProgramFunction[]): readonly ValueType[] {
  return functions.find((each) => each.typeNumber === typeNumber)?.type.results ?? [];
}

/** Whether an instruction writes the register `target`. */
export function writesRegister({ operation, mode, isGlobal }: Instruction): boolean {
  return operation >= Op.LANE_FIRST || (mode === Mode.WRITE && !isGlobal);
}

function placeTypes(long: Set<number>, first: number, types: readonly ValueType[]): void {
  let at = first;
  for (const type of types) {
    const isLong = type === VALUE_TYPE.i64 || type === VALUE_TYPE.f64 || type === VALUE_TYPE.v128;
    for (let slot = 0; slot < slotsOf(type); slot++, at++) if (isLong) long.add(at);
  }
}
