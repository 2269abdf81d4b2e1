/** Vector instructions that are the same operation in every lane: from opcodes to operations. */
import { Operation as Op, Saturation } from "../form/index.ts";
import { type LaneOptions, SLOT_BITS } from "./vector-code.ts";

/** An operation in every lane of the result. */
export interface LaneWise extends LaneOptions {
  readonly operation: number;
  /** Lane `i` of the result reads this lane of the first operand; `i` if not given. */
  readonly laneOfA?: (lane: number) => number;
  /** The same for the second operand. */
  readonly laneOfB?: (lane: number) => number;
  /** What takes the place of operands that the instruction does not have. */
  readonly operands: "a" | "ab" | "aa" | "0a";
  /** How many lanes get a result; the others become zero. All if not given. */
  readonly count?: number;
}

/** By opcode. */
export const LANE_WISE: Record<number, LaneWise> = {};

const [I8, I16, I32, I64] = [8, 16, 32, 64];

/** Comparisons of whole numbers: eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u, in their order. */
function compares(first: number, from: number): void {
  for (let index = 0; index < 10; index++)
    LANE_WISE[first + index] = {
      operation: Op.I64_EQZ + 1 + index,
      from,
      isSigned: index % 2 === 0,
      isMask: true,
      operands: "ab",
    };
}
compares(0xfd23, I8);
compares(0xfd2d, I16);
compares(0xfd37, I32);
// The comparisons of 64 bits come in another order, without the unsigned ones.
[0, 1, 2, 4, 6, 8].forEach((index, at) => {
  LANE_WISE[0xfdd6 + at] = { operation: Op.I64_EQZ + 1 + index, from: I64, isMask: true, operands: "ab" };
});
for (let index = 0; index < 6; index++) {
  LANE_WISE[0xfd41 + index] = { operation: Op.F32_EQ + index, from: I32, isMask: true, operands: "ab" };
  LANE_WISE[0xfd47 + index] = { operation: Op.F64_EQ + index, from: I64, isMask: true, operands: "ab" };
}

// Whole numbers. The opcodes of each width lie 0x20 apart, from i8x16 on.
const { SIGNED, UNSIGNED } = Saturation;
[I8, I16, I32, I64].forEach((from, index) => {
  const base = 0xfd60 + 0x20 * index;
  LANE_WISE[base + 1] = { operation: Op.I64_SUB, from, operands: "0a" }; // neg
  LANE_WISE[base + 0x0e] = { operation: Op.I64_ADD, from, operands: "ab" };
  LANE_WISE[base + 0x11] = { operation: Op.I64_SUB, from, operands: "ab" };
  if (from !== I8) LANE_WISE[base + 0x15] = { operation: Op.I64_MUL, from, operands: "ab" };
  if (from === I8 || from === I16) {
    for (const [at, operation] of [
      [0x0f, Op.I64_ADD],
      [0x12, Op.I64_SUB],
    ] as const) {
      LANE_WISE[base + at] = { operation, from, isSigned: true, saturation: SIGNED, operands: "ab" };
      LANE_WISE[base + at + 1] = { operation, from, saturation: UNSIGNED, operands: "ab" };
    }
  }
  if (from === I8) return;
  const half = from / 2;
  const low = (lane: number): number => lane;
  const high = (lane: number): number => lane + (SLOT_BITS / from) * 2;
  [low, high, low, high].forEach((lane, at) => {
    const widened = { from: half, to: from, isSigned: at < 2, laneOfA: lane, laneOfB: lane };
    LANE_WISE[base + 0x07 + at] = { ...widened, operation: Op.I64_OR, operands: "a" }; // extend
    LANE_WISE[base + 0x1c + at] = { ...widened, operation: Op.I64_MUL, operands: "ab" }; // extmul
  });
  if (from === I64) return;
  const pairs = {
    from: half,
    to: from,
    laneOfA: even,
    laneOfB: odd,
    operation: Op.I64_ADD,
    operands: "aa",
  } as const;
  const first = from === I16 ? 0xfd7c : 0xfd7e;
  LANE_WISE[first] = { ...pairs, isSigned: true };
  LANE_WISE[first + 1] = pairs;
});
LANE_WISE[0xfd62] = { operation: Op.I64_POPCNT, from: I8, operands: "a" };

function even(lane: number): number {
  return lane * 2;
}
function odd(lane: number): number {
  return lane * 2 + 1;
}

// Floats: the vector instructions, and those of one lane.
const FLOATS: readonly (readonly [offset: number, "a" | "ab"])[] = [
  [0, "a"], // abs
  [1, "a"], // neg
  [6, "a"], // sqrt
  [7, "ab"], // add
  [8, "ab"],
  [9, "ab"],
  [10, "ab"], // div
  [11, "ab"], // min
  [12, "ab"], // max
];
[
  { from: I32, scalar: Op.F32_ABS, abs: 0xfde0 },
  { from: I64, scalar: Op.F64_ABS, abs: 0xfdec },
].forEach(({ from, scalar, abs }) => {
  for (const [offset, operands] of FLOATS)
    LANE_WISE[abs + (offset < 2 ? offset : offset - 3)] = { operation: scalar + offset, from, operands };
});
// ceil, floor, trunc, nearest
[0xfd67, 0xfd68, 0xfd69, 0xfd6a].forEach((opcode, index) => {
  LANE_WISE[opcode] = { operation: Op.F32_ABS + 2 + index, from: I32, operands: "a" };
});
[0xfd74, 0xfd75, 0xfd7a, 0xfd94].forEach((opcode, index) => {
  LANE_WISE[opcode] = { operation: Op.F64_ABS + 2 + index, from: I64, operands: "a" };
});

// Conversions.
for (let index = 0; index < 2; index++) {
  const sat = Op.I32_TRUNC_SAT_F32_S + index;
  LANE_WISE[0xfdf8 + index] = { operation: sat, from: I32, operands: "a" };
  LANE_WISE[0xfdfa + index] = { operation: Op.F32_CONVERT_I32_S + index, from: I32, operands: "a" };
  LANE_WISE[0xfdfc + index] = { operation: sat + 2, from: I64, to: I32, operands: "a", count: 2 };
  LANE_WISE[0xfdfe + index] = { operation: Op.F64_CONVERT_I32_S + index, from: I32, to: I64, operands: "a" };
}
LANE_WISE[0xfd5e] = { operation: Op.F32_DEMOTE, from: I64, to: I32, operands: "a", count: 2 };
LANE_WISE[0xfd5f] = { operation: Op.F64_PROMOTE, from: I32, to: I64, operands: "a" };
