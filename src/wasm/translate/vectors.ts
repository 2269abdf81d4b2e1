/**
 * Vector instructions as instructions of the register form: what is not the same operation in every lane is made here,
 * step by step.
 */
import { type Operand, Operation as Op, Saturation } from "../form/index.ts";
import { bits64, number } from "./operands.ts";
import type { Translation } from "./translation.ts";
import { SLOT_BITS, VectorCode } from "./vector-code.ts";
import { LANE_WISE, type LaneWise } from "./vector-tables.ts";

const VECTOR_BITS = 128;
const ZERO = number(0);
const lanesOf = (bits: number): number => VECTOR_BITS / bits;

/** Runs a body for each lane. */
function eachLane(bits: number, body: (lane: number) => void): void {
  for (let lane = 0; lane < lanesOf(bits); lane++) body(lane);
}

/** Translates what LANE_WISE has. */
function translateLaneWise(translation: Translation, wise: LaneWise): void {
  const { operands } = translation;
  const code = new VectorCode(translation);
  const second = wise.operands === "ab" ? operands.pop() : undefined;
  const first = operands.pop();
  const a = wise.operands === "0a" ? ZERO : first;
  const b = second ?? (wise.operands === "a" ? ZERO : first);
  const count = lanesOf(wise.to ?? wise.from);
  const filled = wise.count ?? count;
  // Where only some lanes have results, those fill the low half.
  if (filled < count) code.plain(Op.MOVE, ZERO, ZERO, code.result + 1);
  for (let lane = 0; lane < filled; lane++) {
    const laneOfA = a === ZERO ? 0 : (wise.laneOfA?.(lane) ?? lane);
    const laneOfB = b === ZERO ? 0 : (wise.laneOfB?.(lane) ?? lane);
    code.lane(wise.operation, { of: a, lane: laneOfA }, { of: b, lane: laneOfB }, wise, { lane });
  }
  code.finish();
}

/** Pops `count` operands. @returns the deepest one first */
function pop({ operands }: Translation, count: number): Operand[] {
  return Array.from({ length: count }, () => operands.pop()).toReversed();
}

/** A handler that gets operands and gives a vector or a value. */
type VectorHandler = (translation: Translation, words: Int32Array, at: number) => void;
type Build = (code: VectorCode, operands: readonly Operand[]) => Operand | void;

/** @param build returns a register for a value, and nothing for a vector */
function made(count: number, build: Build): VectorHandler {
  return (translation) => {
    const code = new VectorCode(translation);
    const value = build(code, pop(translation, count));
    if (value === undefined) code.finish();
    else code.finishScalar(value);
  };
}

/** By opcode. */
const VECTORS: Record<number, VectorHandler> = {};

/** Both halves of vectors, bit by bit. */
function eachHalf(
  code: VectorCode,
  operands: readonly Operand[],
  build: (halves: Operand[]) => Operand,
): void {
  for (let half = 0; half < 2; half++) {
    const value = build(operands.map((operand) => code.translation.part(operand, half)));
    code.plain(Op.MOVE, value, ZERO, code.result + half);
  }
}

VECTORS[0xfd4d] = made(1, (code, operands) =>
  eachHalf(code, operands, ([a]) => code.value(Op.I64_XOR, a!, code.translation.code.constant(ALL_ONES))),
);
const ALL_ONES = 0xffff_ffff_ffff_ffffn;
[Op.I64_AND, undefined, Op.I64_OR, Op.I64_XOR].forEach((operation, index) => {
  if (operation === undefined) return;
  VECTORS[0xfd4e + index] = made(2, (code, operands) =>
    eachHalf(code, operands, ([a, b]) => code.value(operation, a!, b!)),
  );
});
VECTORS[0xfd4f] = made(2, (code, operands) =>
  eachHalf(code, operands, ([a, b]) => {
    const inverse = code.value(Op.I64_XOR, b!, code.translation.code.constant(ALL_ONES));
    return code.value(Op.I64_AND, a!, inverse);
  }),
);
VECTORS[0xfd52] = made(3, (code, operands) =>
  eachHalf(code, operands, ([a, b, mask]) => {
    const different = code.value(Op.I64_XOR, a!, b!);
    const chosen = code.value(Op.I64_AND, different, mask!);
    return code.value(Op.I64_XOR, chosen, b!);
  }),
);
VECTORS[0xfd53] = made(1, (code, [vector]) => {
  const any = code.value(Op.I64_OR, vector!, code.translation.part(vector!, 1));
  return code.value(Op.I64_EQZ + 2, any, ZERO);
});

for (const [index, bits] of [8, 16, 32, 64].entries()) {
  const base = 0xfd60 + 0x20 * index;
  const all = { from: bits, to: SLOT_BITS };
  VECTORS[base] = made(1, (code, [vector]) => {
    // (x ^ sign) - sign, where the sign is 0 or all ones
    eachLane(bits, (lane) => {
      const x = code.extract({ of: vector!, lane }, bits, true);
      const sign = code.value(Op.I64_SHR_S, x, number(63));
      const flipped = code.value(Op.I64_XOR, x, sign);
      code.insert(code.value(Op.I64_SUB, flipped, sign), bits, lane);
    });
  });
  VECTORS[base + 3] = made(1, (code, [vector]) => {
    const result = code.value(Op.MOVE, number(1));
    eachLane(bits, (lane) => {
      const target = code.scratch();
      const isSet = code.lane(Op.I64_EQZ + 2, { of: vector!, lane }, { of: ZERO }, all, { target });
      code.plain(Op.I64_AND, result, isSet, result.value);
    });
    return result;
  });
  VECTORS[base + 4] = made(1, (code, [vector]) => {
    const result = code.value(Op.MOVE, ZERO);
    eachLane(bits, (lane) => {
      const target = code.scratch();
      const signed = { ...all, isSigned: true };
      const isNegative = code.lane(Op.I64_EQZ + 3, { of: vector!, lane }, { of: ZERO }, signed, { target });
      const shifted = code.value(Op.I64_SHL, isNegative, number(lane));
      code.plain(Op.I64_OR, result, shifted, result.value);
    });
    return result;
  });
  for (let kind = 0; kind < 3; kind++) {
    VECTORS[base + 0x0b + kind] = made(2, (code, [vector, by]) => {
      const shift = code.value(Op.I64_AND, by!, number(bits - 1));
      const options = { from: bits, isSigned: kind === 1 };
      eachLane(bits, (lane) =>
        code.lane(Op.I64_SHL + kind, { of: vector!, lane }, { of: shift }, options, { lane }),
      );
    });
  }
  if (bits === 64) continue;
  for (let kind = 0; kind < 4; kind++) {
    const isSigned = kind % 2 === 0;
    // The smaller one if the first is less, for min; the other way round for max.
    VECTORS[base + 0x16 + kind] = made(2, (code, [a, b]) =>
      eachLane(bits, (lane) => {
        const x = code.extract({ of: a!, lane }, bits, isSigned);
        const y = code.extract({ of: b!, lane }, bits, isSigned);
        const isLess = code.value(Op.I64_EQZ + 3, x, y);
        code.insert(kind < 2 ? code.select(isLess, x, y) : code.select(isLess, y, x), bits, lane);
      }),
    );
  }
  if (bits === 32) continue;
  VECTORS[base + 0x1b] = made(2, (code, [a, b]) =>
    eachLane(bits, (lane) => {
      const target = code.scratch();
      const sum = code.lane(Op.I64_ADD, { of: a!, lane }, { of: b!, lane }, all, { target });
      const rounded = code.value(Op.I64_ADD, sum, number(1));
      code.insert(code.value(Op.I64_SHR_U, rounded, number(1)), bits, lane);
    }),
  );
  for (const [kind, saturation] of [Saturation.SIGNED, Saturation.UNSIGNED].entries()) {
    VECTORS[base + 0x05 + kind] = made(2, (code, vectors) => {
      const half = lanesOf(bits) / 2;
      const options = { from: bits * 2, to: bits, isSigned: true, saturation };
      eachLane(bits, (lane) =>
        code.lane(
          Op.I64_OR,
          { of: vectors[lane < half ? 0 : 1]!, lane: lane % half },
          { of: ZERO },
          options,
          { lane },
        ),
      );
    });
  }
}

VECTORS[0xfd82] = made(2, (code, [a, b]) =>
  eachLane(16, (lane) => {
    const target = code.scratch();
    const options = { from: 16, to: SLOT_BITS, isSigned: true };
    const product = code.lane(Op.I64_MUL, { of: a!, lane }, { of: b!, lane }, options, { target });
    const rounded = code.value(Op.I64_ADD, product, number(0x4000));
    code.insert(code.value(Op.I64_SHR_S, rounded, number(15)), 16, lane, Saturation.SIGNED);
  }),
);
VECTORS[0xfdba] = made(2, (code, [a, b]) =>
  eachLane(32, (lane) => {
    const options = { from: 16, to: SLOT_BITS, isSigned: true };
    const [low, high] = [lane * 2, lane * 2 + 1].map((each) =>
      code.lane(Op.I64_MUL, { of: a!, lane: each }, { of: b!, lane: each }, options, {
        target: code.scratch(),
      }),
    );
    code.insert(code.value(Op.I64_ADD, low!, high!), 32, lane);
  }),
);

for (const { bits, less, first } of [
  { bits: 32, less: Op.F32_EQ + 2, first: 0xfdea },
  { bits: 64, less: Op.F64_EQ + 2, first: 0xfdf6 },
]) {
  for (let kind = 0; kind < 2; kind++) {
    // pmin is the second one if it is less, pmax if the first one is less than it.
    VECTORS[first + kind] = made(2, (code, [a, b]) =>
      eachLane(bits, (lane) => {
        const x = code.extract({ of: a!, lane }, bits);
        const y = code.extract({ of: b!, lane }, bits);
        const isLess = kind === 0 ? code.value(less, y, x) : code.value(less, x, y);
        code.insert(code.select(isLess, y, x), bits, lane);
      }),
    );
  }
}

// splat: i8x16, i16x8, i32x4, i64x2, f32x4, f64x2
[8, 16, 32, 64, 32, 64].forEach((bits, index) => {
  VECTORS[0xfd0f + index] = made(1, (code, [value]) => splat(code, value!, bits));
});

/** Puts a value into every lane of the result. */
export function splat(code: VectorCode, value: Operand, bits: number): void {
  eachLane(bits, (lane) => code.insert(value, bits, lane));
}

/** extract_lane and replace_lane: opcode, bits, and the operation that extends a sign. */
const EXTRACTS: readonly (readonly [opcode: number, bits: number, operation: number])[] = [
  [0xfd15, 8, Op.I32_EXTEND8],
  [0xfd16, 8, Op.I64_OR],
  [0xfd18, 16, Op.I32_EXTEND8 + 1],
  [0xfd19, 16, Op.I64_OR],
  [0xfd1b, 32, Op.I64_OR],
  [0xfd1d, 64, Op.I64_OR],
  [0xfd1f, 32, Op.I64_OR],
  [0xfd21, 64, Op.I64_OR],
];
for (const [opcode, bits, operation] of EXTRACTS) {
  VECTORS[opcode] = (translation, words, at) => {
    const code = new VectorCode(translation);
    const [vector] = pop(translation, 1);
    const options = { from: bits, to: SLOT_BITS };
    const target = code.scratch();
    code.finishScalar(
      code.lane(operation, { of: vector!, lane: words[at]! }, { of: ZERO }, options, { target }),
    );
  };
}
[
  [0xfd17, 8],
  [0xfd1a, 16],
  [0xfd1c, 32],
  [0xfd1e, 64],
  [0xfd20, 32],
  [0xfd22, 64],
].forEach(([opcode, bits]) => {
  VECTORS[opcode!] = (translation, words, at) => {
    const code = new VectorCode(translation);
    const [vector, value] = pop(translation, 2);
    translation.move(vector!, 2, code.result);
    code.insert(value!, bits!, words[at]!);
    code.finish();
  };
});

VECTORS[0xfd0c] = ({ operands, code }, words, at) => {
  operands.push(2, code.vector(bits64(words, at), bits64(words, at + 2)));
};
VECTORS[0xfd0d] = (translation, words, at) => {
  const code = new VectorCode(translation);
  const vectors = pop(translation, 2);
  eachLane(8, (lane) => {
    const from = (words[at + (lane >> 2)]! >>> ((lane & 3) * 8)) & 0xff;
    code.lane(Op.I64_OR, { of: vectors[from >> 4]!, lane: from & 15 }, { of: ZERO }, { from: 8 }, { lane });
  });
  code.finish();
};
VECTORS[0xfd0e] = made(2, (code, [vector, indices]) => {
  const high = code.translation.part(vector!, 1);
  eachLane(8, (lane) => {
    const index = code.extract({ of: indices!, lane }, 8);
    const slot = code.select(code.value(Op.I64_AND, index, number(8)), high, vector!);
    const shift = code.value(Op.I64_SHL, code.value(Op.I64_AND, index, number(7)), number(3));
    const byte = code.value(Op.I64_SHR_U, slot, shift);
    const isInside = code.value(Op.I64_EQZ + 4, index, number(16));
    code.insert(code.select(isInside, byte, ZERO), 8, lane);
  });
});

/** Translates a vector instruction that does not reach memory. @returns whether there is one */
export function translateVector(
  translation: Translation,
  opcode: number,
  words: Int32Array,
  at: number,
): boolean {
  const wise = LANE_WISE[opcode];
  if (wise !== undefined) {
    translateLaneWise(translation, wise);
    return true;
  }
  VECTORS[opcode]?.(translation, words, at);
  return VECTORS[opcode] !== undefined;
}
