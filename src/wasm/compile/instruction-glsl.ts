/** Instructions as statements of GLSL, but for those that end a block and are no branches on their result. */
import { type Instruction, Kind, Mode, Operation as Op, unpackLanes } from "../form/index.ts";
import type { Program } from "../store/index.ts";
import { type Expression, numericExpression, type Value } from "./numeric-glsl.ts";
import { asCondition, asLong, type FunctionVariables, globalName, memorySizeName } from "./registers.ts";

/** The statements of an instruction. */
export interface Statements {
  readonly lines: readonly string[];
  /** For an instruction that branches: the condition for its result to be other than 0. */
  readonly condition?: string;
}

/** What loads and stores reach, and the functions of kernels/compiled.glsl that do it. */
const ACCESS: Readonly<Record<number, { readonly name: string; readonly isLong: boolean }>> = {
  1: { name: "Byte", isLong: false },
  2: { name: "Half", isLong: false },
  4: { name: "Word", isLong: false },
  8: { name: "Long", isLong: true },
};
/** By the number of the load, from i32.load on: bytes, and whether they are extended with their sign. */
const LOADS: readonly (readonly [bytes: number, isSigned?: boolean])[] = [
  [4],
  [8],
  [4],
  [8],
  [1, true],
  [1],
  [2, true],
  [2],
  [1, true],
  [1],
  [2, true],
  [2],
  [4, true],
  [4],
];
/** The loads up to this one give 32 bits, if they extend. */
const LAST_SHORT_LOAD = 7;
/** By the number of the store, from i32.store on. */
const STORES: readonly number[] = [4, 8, 4, 8, 1, 2, 1, 2, 4];

/** Translates an instruction. @param at its number */
export function instructionStatements(
  instruction: Instruction,
  at: number,
  { variables, program }: { variables: FunctionVariables; program: Program },
): Statements {
  const { operation, mode, target, isGlobal } = instruction;
  if (operation >= Op.LANE_FIRST) return laneStatements(instruction, at, variables);
  if (operation >= Op.FIRST_STORE && operation < Op.MEMORY_SIZE)
    return { lines: storeLines(instruction, at, { variables, program }) };
  if (operation === Op.DATA_DROP) return { lines: [`writeCell(droppedCell(${target}u), 1u);`] };
  if (operation === Op.ZERO) return { lines: zeroLines(instruction, variables) };
  const { before, value } = result(instruction, at, { variables, program });
  const trapped = value.traps === true;
  if (mode === Mode.BRANCH_IF || mode === Mode.BRANCH_UNLESS) {
    if (!trapped) return { lines: before, condition: asCondition(value) };
    const lines = [...before, `uint64_t taken${at} = ${asLong(value)};`, trapLine(at)];
    return { lines, condition: `taken${at} != 0ul` };
  }
  if (mode === Mode.NOTHING) return { lines: before };
  const assignment = isGlobal ? `${globalName(target)} = ${asLong(value)};` : variables.assign(target, value);
  return { lines: [...before, assignment, ...(trapped ? [trapLine(at)] : [])] };
}

const trapLine = (at: number): string => `if (trap != TRAP_NONE) { stop(trap, ${at}u); return; }`;

interface Place {
  readonly variables: FunctionVariables;
  readonly program: Program;
}

/** The result of an instruction, and what must come before it. */
function result(
  instruction: Instruction,
  at: number,
  { variables, program }: Place,
): { before: string[]; value: Expression } {
  const { operation, c } = instruction;
  const [a, b] = [variables.value(instruction.a), variables.value(instruction.b)];
  const only = (value: Expression): { before: string[]; value: Expression } => ({ before: [], value });
  if (operation === Op.MOVE) return only(moved(instruction, a, variables));
  if (operation === Op.SELECT) {
    const condition = asCondition({ text: variables.registerValue(c).short, type: "short" });
    return only({ text: `${condition} ? ${a.long} : ${b.long}`, type: "long" });
  }
  if (operation === Op.MEMORY_SIZE)
    return only({ text: `uint(${memorySizeName(c)} >> MACHINE_PAGE_BITS)`, type: "short" });
  if (operation === Op.TABLE_SIZE) return only({ text: `readCell(tableSizeCell(${c}u))`, type: "short" });
  if (operation === Op.TABLE_GET) {
    const outside = `if (${a.short} >= readCell(tableSizeCell(${c}u))) { stop(TRAP_TABLE_BOUNDS, ${at}u); return; }`;
    const text = `readCell(${program.tableCells[c]!}u + ${a.short})`;
    return { before: [outside], value: { text, type: "short" } };
  }
  if (operation === Op.MEMORY_GROW) {
    const value: Expression = { text: `uint(growMemory(${c}u, ${a.short}))`, type: "short" };
    const grown = `uint grown${at} = ${value.text};`;
    const size = `${memorySizeName(c)} = memoryBytes(${c}u);`;
    return { before: [grown, size], value: { text: `grown${at}`, type: "short" } };
  }
  if (operation >= Op.FIRST_LOAD && operation < Op.FIRST_STORE)
    return load(instruction, at, { variables, program });
  return only(numericExpression(operation, a, b));
}

function moved({ a: { kind, value } }: Instruction, a: Value, variables: FunctionVariables): Expression {
  const isShort = kind === Kind.NUMBER || (kind === Kind.REGISTER && !variables.isLong(value));
  return isShort ? { text: a.short, type: "short" } : { text: a.long, type: "long" };
}

/** Looks whether an access is within the memory. @returns the lines, and the address */
function bounds(
  [address, offset]: readonly [Value, Value],
  at: number,
  { memory, bytes }: { memory: number; bytes: number },
): { lines: string[]; address: string } {
  const name = `address${at}`;
  const outside = `${name} + ${bytes}ul > ${memorySizeName(memory)}`;
  const lines = [
    `uint64_t ${name} = ${address.long} + ${offset.long};`,
    `if (${outside}) { stop(TRAP_MEMORY_BOUNDS, ${at}u); return; }`,
  ];
  return { lines, address: `uint(${name})` };
}

function load(
  { operation, a, b, c }: Instruction,
  at: number,
  { variables, program }: Place,
): { before: string[]; value: Expression } {
  const index = operation - Op.FIRST_LOAD;
  const [bytes, isSigned = false] = LOADS[index]!;
  const { lines, address } = bounds([variables.value(a), variables.value(b)], at, { memory: c, bytes });
  const { name, isLong } = ACCESS[bytes]!;
  const text = `load${name}(${program.memoryCells[c]!}u, ${address})`;
  if (!isSigned) return { before: lines, value: { text, type: isLong ? "long" : "short" } };
  const unused = 32 - bytes * 8;
  const extended = unused === 0 ? `int(${text})` : `(int(${text} << ${unused}) >> ${unused})`;
  return {
    before: lines,
    value:
      index <= LAST_SHORT_LOAD
        ? { text: `uint(${extended})`, type: "short" }
        : { text: `uint64_t(int64_t(${extended}))`, type: "long" },
  };
}

function storeLines(
  { operation, a, b, c, target }: Instruction,
  at: number,
  { variables, program }: Place,
): string[] {
  const bytes = STORES[operation - Op.FIRST_STORE]!;
  const offset: Value = { short: `${target}u`, long: `${target}ul` };
  const { lines, address } = bounds([variables.value(a), offset], at, { memory: c, bytes });
  const { name, isLong } = ACCESS[bytes]!;
  const value = variables.value(b);
  const cells = program.memoryCells[c]!;
  return [...lines, `store${name}(${cells}u, ${address}, ${isLong ? value.long : value.short});`];
}

function zeroLines({ target, b }: Instruction, variables: FunctionVariables): string[] {
  return Array.from({ length: b.value }, (_, index) =>
    variables.assign(target + index, { text: "0u", type: "short" }),
  );
}

function laneStatements(instruction: Instruction, at: number, variables: FunctionVariables): Statements {
  const { operation, mode, c, target } = instruction;
  const lanes = unpackLanes(c);
  const lane = (value: Value, index: number): Value => {
    const text = `readLane(${value.long}, ${index}u, ${c}u)`;
    return { short: `uint(${text})`, long: text };
  };
  const a = lane(variables.value(instruction.a), lanes.a);
  const b = lane(variables.value(instruction.b), lanes.b);
  const value = numericExpression(operation - Op.LANE_FIRST, a, b);
  const before = variables.registerValue(target).long;
  const lines = [`uint64_t lane${at} = ${asLong(value)};`];
  if (value.traps === true) lines.push(trapLine(at));
  lines.push(
    variables.assign(target, { text: `withLane(${before}, lane${at}, ${c}u, ${mode}u)`, type: "long" }),
  );
  return { lines };
}
