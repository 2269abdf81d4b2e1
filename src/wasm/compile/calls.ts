/** Which functions calls may lead to. */
import { INSTRUCTION_WORDS, type Instruction, Operation as Op, unpackInstruction } from "../form/index.ts";
import type { Program } from "../store/index.ts";

/** Instructions that may put any function into a table. */
const SETTING: ReadonlySet<number> = new Set([Op.TABLE_SET, Op.TABLE_GROW, Op.TABLE_FILL]);

/** The functions of a program that its calls lead to. */
export class CallTargets {
  /** Functions that may lie in tables, by the number of their type; undefined where that may be any function. */
  readonly #inTables: ReadonlyMap<number, readonly number[]> | undefined;

  constructor(program: Program) {
    this.#inTables = setsElements(program) ? undefined : functionsInTables(program);
  }

  /** Whether it is known what may lie in tables. */
  get areTablesKnown(): boolean {
    return this.#inTables !== undefined;
  }

  /** The functions that an instruction may call, in order; none if it calls none. */
  of({ operation, target }: Instruction): readonly number[] {
    if (operation === Op.CALL) return [target];
    return operation === Op.CALL_INDIRECT ? (this.#inTables?.get(target) ?? []) : [];
  }
}

function setsElements({ code }: Program): boolean {
  for (let index = 0; index < code.length / INSTRUCTION_WORDS; index++)
    if (SETTING.has(unpackInstruction(code, index).operation)) return true;
  return false;
}

function functionsInTables({ segments, functions }: Program): Map<number, number[]> {
  const numbers = new Set<number>();
  for (const segment of segments) {
    if (segment.kind !== "elements") continue;
    for (const reference of segment.references) if (reference > 0) numbers.add(reference - 1);
  }
  const byType = new Map<number, number[]>();
  for (const number of [...numbers].toSorted((a, b) => a - b)) {
    const { typeNumber } = functions[number]!;
    byType.set(typeNumber, [...(byType.get(typeNumber) ?? []), number]);
  }
  return byType;
}
