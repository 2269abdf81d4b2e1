/** Vector instructions that reach memory: loads and stores of halves and of lanes. */
import { Mode, type Operand, Operation as Op } from "../form/index.ts";
import { number } from "./operands.ts";
import type { Translation } from "./translation.ts";
import { VectorCode } from "./vector-code.ts";
import { splat } from "./vectors.ts";

const I64_LOAD = 0x29;
const I64_STORE = 0x37;
/** Loads of 1, 2, 4 and 8 bytes without a sign, by the logarithm of the bytes. */
const LOADS = [0x31, 0x33, 0x35, I64_LOAD];
/** The same for stores. */
const STORES = [0x3c, 0x3d, 0x3e, I64_STORE];
const OFFSET_MAX = 0xffff_ffff;

/** Loads a value into a register of its own. */
function load(code: VectorCode, operation: number, address: Operand, offset: number): Operand {
  const { memories } = code.translation.binding;
  // An offset beyond the largest is beyond every memory, and so is the largest with 8 bytes behind it.
  return code.value(operation, address, number(Math.min(offset, OFFSET_MAX)), memories[0]!);
}

function store(code: VectorCode, operation: number, address: Operand, value: Operand, offset: number): void {
  const { translation } = code;
  translation.code.emit({
    operation,
    mode: Mode.NOTHING,
    a: address,
    b: value,
    c: translation.binding.memories[0]!,
    target: offset,
  });
}

/** Loads, by opcode: what becomes of the address and the offset. */
const VECTOR_LOADS: Record<number, (code: VectorCode, address: Operand, offset: number) => void> = {
  0xfd00: (code, address, offset) => {
    for (let half = 0; half < 2; half++) {
      const value = load(code, I64_LOAD, address, offset + half * 8);
      code.plain(Op.MOVE, value, number(0), code.result + half);
    }
  },
};
// load8x8_s, _u, load16x4_s, _u, load32x2_s, _u
[8, 8, 16, 16, 32, 32].forEach((from, index) => {
  VECTOR_LOADS[0xfd01 + index] = (code, address, offset) => {
    const half = load(code, I64_LOAD, address, offset);
    for (let lane = 0; lane < 64 / from; lane++) {
      const options = { from, to: from * 2, isSigned: index % 2 === 0 };
      code.lane(Op.I64_OR, { of: half, lane }, { of: number(0) }, options, { lane });
    }
  };
});
LOADS.forEach((operation, index) => {
  VECTOR_LOADS[0xfd07 + index] = (code, address, offset) =>
    splat(code, load(code, operation, address, offset), 8 << index);
});
// load32_zero, load64_zero
LOADS.slice(2).forEach((operation, index) => {
  VECTOR_LOADS[0xfd5c + index] = (code, address, offset) => {
    code.plain(Op.MOVE, load(code, operation, address, offset), number(0), code.result);
    code.plain(Op.MOVE, number(0), number(0), code.result + 1);
  };
});

/** Translates a vector instruction that reaches memory. @returns whether there is one */
export function translateVectorMemory(
  translation: Translation,
  opcode: number,
  words: Int32Array,
  at: number,
): boolean {
  const { operands } = translation;
  const offset = (words[at + 1] ?? 0) >>> 0;
  const loads = VECTOR_LOADS[opcode];
  if (loads !== undefined) {
    const code = new VectorCode(translation);
    loads(code, operands.pop(), offset);
    code.finish();
    return true;
  }
  if (opcode === 0xfd0b) {
    const code = new VectorCode(translation);
    const vector = operands.pop();
    const address = operands.pop();
    // Looks whether the whole range is there before anything is written.
    load(code, I64_LOAD, address, offset + 8);
    store(code, I64_STORE, address, vector, offset);
    store(code, I64_STORE, address, translation.part(vector, 1), Math.min(offset + 8, OFFSET_MAX));
    translation.place();
    return true;
  }
  if (opcode < 0xfd54 || opcode > 0xfd5b) return false;
  laneAccess(translation, opcode, offset, words[at + 2]!);
  return true;
}

/** load8_lane … load64_lane, store8_lane … store64_lane. */
function laneAccess(translation: Translation, opcode: number, offset: number, lane: number): void {
  const { operands } = translation;
  const code = new VectorCode(translation);
  const index = (opcode - 0xfd54) & 3;
  const bits = 8 << index;
  const vector = operands.pop();
  const address = operands.pop();
  if (opcode >= 0xfd58) {
    store(code, STORES[index]!, address, code.extract({ of: vector, lane }, bits), offset);
    translation.place();
    return;
  }
  const value = load(code, LOADS[index]!, address, offset);
  translation.move(vector, 2, code.result);
  code.insert(value, bits, lane);
  code.finish();
}
