/** Translates the body of a function, instruction by instruction. The module must be valid. */
import { EverwarpError } from "../../base/index.ts";
import { NO_OPERAND, Operation as Op } from "../form/index.ts";
import { type DecodedModule, type FunctionEntry, opcodeOf } from "../module/index.ts";
import type { CodeWriter } from "./code-writer.ts";
import { beginElse, closeBlock, CONTROL, translateBranchTable } from "./control.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { number } from "./operands.ts";
import { type Binding, Translation } from "./translation.ts";
import { translateVectorMemory } from "./vector-memory.ts";
import { translateVector } from "./vectors.ts";

export { type Binding, slotCount, slotsOf } from "./translation.ts";

const [BLOCK, IF, ELSE, END, BR_TABLE] = [0x02, 0x04, 0x05, 0x0b, 0x0e];
/** Locals that one instruction sets to zero: a kernel does it without a loop. */
const ZERO_SLOTS_MAX = 4;

/** Where a function begins, and the registers that it needs. */
export interface TranslatedFunction {
  readonly start: number;
  readonly frameSlots: number;
}

/**
 * Translates a function that the module defines.
 *
 * @param binding what the module's indices are in the program
 * @param code takes the instructions
 * @throws EW_WASM_UNSUPPORTED for a function that is too large for the register form
 */
export function translateFunction(
  module: DecodedModule,
  { type, body }: FunctionEntry,
  binding: Binding,
  code: CodeWriter,
): TranslatedFunction {
  const translation = new Translation(module, binding, code, { type, body: body! });
  const start = code.count;
  code.offset = body!.start;
  zeroLocals(translation, type.params.length);
  const { opcodes, wordAt, words, offsets } = module.code;
  for (let index = body!.first; index <= body!.last; index++) {
    const opcode = opcodes[index]!;
    code.offset = offsets[index]!;
    const at = wordAt[index]!;
    if (opcode === END) {
      if (translation.labels.length === 0) break;
      closeBlock(translation, true);
      continue;
    }
    if (opcode === ELSE) {
      beginElse(translation, true);
      continue;
    }
    const isDead =
      opcode === BR_TABLE
        ? translateBranchTable(translation, words.subarray(at, wordAt[index + 1]!))
        : translateOne(translation, opcode, words, at);
    if (isDead === true) {
      index = skipDead(translation, index + 1, body!.last);
      if (index > body!.last) return { start, frameSlots: translation.operands.frameSlots };
    }
  }
  translation.return();
  return { start, frameSlots: translation.operands.frameSlots };
}

function translateOne(
  translation: Translation,
  opcode: number,
  words: Int32Array,
  at: number,
): boolean | void {
  const handler = CONTROL[opcode] ?? INSTRUCTIONS[opcode];
  if (handler !== undefined) return handler(translation, words, at);
  const { operands, binding } = translation;
  if (opcode >= Op.FIRST_LOAD && opcode < Op.FIRST_STORE) {
    translation.value(opcode, operands.pop(), number(words[at + 1]!), { c: binding.memories[0]! });
    return;
  }
  if (opcode >= Op.FIRST_STORE && opcode < Op.MEMORY_SIZE) {
    const value = operands.pop();
    translation.effect(opcode, operands.pop(), value, { c: binding.memories[0]!, target: words[at + 1]! });
    return;
  }
  if (opcode > 0xfcff) {
    const isKnown =
      translateVectorMemory(translation, opcode, words, at) ||
      translateVector(translation, opcode, words, at);
    if (isKnown) return;
    throw new EverwarpError("EW_INTERNAL", `${opcodeOf(opcode)!.name} has no translation`, {
      remedy: "Report this with the module.",
    });
  }
  // The bits stay what they are.
  if (opcode === Op.I64_EXTEND_S + 1 || (opcode >= Op.REINTERPRET && opcode < Op.I32_EXTEND8)) return;
  const operation = opcode >= 0xfc00 ? opcode - 0xfc00 + Op.I32_TRUNC_SAT_F32_S : opcode;
  const isPair = opcodeOf(opcode)!.signature!.params.length === 2;
  const b = isPair ? operands.pop() : NO_OPERAND;
  translation.value(operation, operands.pop(), b);
}

/**
 * Passes over code that is never reached, up to where a branch may lead.
 * @returns the last instruction that was dealt with; beyond `last` if the function ends
 */
function skipDead(translation: Translation, from: number, last: number): number {
  const { opcodes, wordAt, words } = translation.module.code;
  for (let index = from; index <= last; index++) {
    const opcode = opcodes[index]!;
    if (opcode >= BLOCK && opcode <= IF) index = words[wordAt[index]! + 1]!;
    else if (opcode === ELSE) {
      beginElse(translation, false);
      return index;
    } else if (opcode === END) {
      if (translation.labels.length === 0) return last + 1;
      closeBlock(translation, false);
      return index;
    }
  }
  return last + 1;
}

function zeroLocals(translation: Translation, paramCount: number): void {
  const { locals } = translation;
  const last = locals.at(-1);
  const end = last === undefined ? 0 : last.at + last.slots;
  for (let at = locals[paramCount]?.at ?? end; at < end; at += ZERO_SLOTS_MAX) {
    const count = number(Math.min(ZERO_SLOTS_MAX, end - at));
    translation.effect(Op.ZERO, NO_OPERAND, count, { target: at });
  }
}
