/** Everything but control: locals, globals, constants, memories, tables. */
import { Kind, Mode, type Operand, Operation as Op } from "../form/index.ts";
import type { Handler } from "./control.ts";
import { bits64, number } from "./operands.ts";
import { slotsOf, type Translation } from "./translation.ts";

function select(translation: Translation): void {
  const { operands } = translation;
  const condition = translation.popRegister();
  const otherwise = operands.pop();
  const chosen = operands.pop();
  const result = operands.push(chosen.slots);
  if (chosen.slots === 1) {
    operands.pop();
    translation.value(Op.SELECT, chosen, otherwise, { c: condition });
    return;
  }
  for (let slot = 0; slot < 2; slot++)
    translation.code.emit({
      operation: Op.SELECT,
      a: translation.part(chosen, slot),
      b: translation.part(otherwise, slot),
      c: condition,
      target: result.home + slot,
    });
  translation.place();
}

/** An operation on three operands beside each other, which it may change: it works through them in steps. */
function bulk(translation: Translation, operation: number, c: number, target: number): void {
  const first = translation.gather(3);
  translation.drop(3);
  translation.effect(operation, number(0), number(first), { c, target });
}

/**
 * Growing, and then a fill of the new elements, which takes as many steps as it needs.
 *
 *     homes    reference │ count │ size before │ reference │ count
 */
function growTable(translation: Translation, table: number): void {
  const { operands, code } = translation;
  const first = translation.gather(2);
  translation.drop(2);
  const register = (slot: number): Operand => ({ kind: Kind.REGISTER, value: first + slot });
  operands.frameSlots = Math.max(operands.frameSlots, first + 5);
  const write = { operation: Op.MOVE };
  code.emit({ ...write, a: register(0), target: first + 3 });
  code.emit({ ...write, a: register(1), target: first + 4 });
  code.emit({ operation: Op.TABLE_GROW, a: register(0), b: register(1), c: table, target: first + 2 });
  code.emit({ ...write, a: register(2), target: first });
  operands.push(1);
  const failed = { operation: Op.I32_EQZ + 1, a: register(2), b: number(-1), mode: Mode.BRANCH_IF };
  const over = code.emit(failed);
  translation.effect(Op.TABLE_FILL, number(0), number(first + 2), { c: table });
  translation.place([{ in: "code", at: over }]);
}

function tee(translation: Translation, index: number): void {
  const { at, slots } = translation.locals[index]!;
  translation.store(at, false);
  translation.operands.push(slots, { kind: Kind.REGISTER, value: at });
}

/** By opcode. */
export const INSTRUCTIONS: Readonly<Record<number, Handler>> = {
  0x1a: ({ operands }) => void operands.pop(),
  0x1b: select,
  0x1c: select,
  0x20: ({ locals, operands }, words, at) => {
    const local = locals[words[at]!]!;
    operands.push(local.slots, { kind: Kind.REGISTER, value: local.at });
  },
  0x21: (translation, words, at) => translation.store(translation.locals[words[at]!]!.at, false),
  0x22: (translation, words, at) => tee(translation, words[at]!),
  0x23: ({ module, binding, operands }, words, at) => {
    const { type } = module.globals[words[at]!]!;
    operands.push(slotsOf(type), { kind: Kind.GLOBAL, value: binding.globals[words[at]!]! });
  },
  0x24: (translation, words, at) => translation.store(translation.binding.globals[words[at]!]!, true),
  0x25: (translation, words, at) => {
    translation.value(Op.TABLE_GET, translation.operands.pop(), undefined, {
      c: translation.binding.tables[words[at]!]!,
    });
  },
  0x26: (translation, words, at) => {
    const value = translation.operands.pop();
    translation.effect(Op.TABLE_SET, translation.operands.pop(), value, {
      c: translation.binding.tables[words[at]!]!,
    });
  },
  0x3f: (translation) => {
    translation.value(Op.MEMORY_SIZE, number(0), undefined, { c: translation.binding.memories[0]! });
  },
  0x40: (translation) => {
    translation.value(Op.MEMORY_GROW, translation.operands.pop(), undefined, {
      c: translation.binding.memories[0]!,
    });
  },
  0x41: ({ operands }, words, at) => void operands.push(1, number(words[at]!)),
  0x42: ({ operands, code }, words, at) => void operands.push(1, code.constant(bits64(words, at))),
  0x43: ({ operands }, words, at) => void operands.push(1, number(words[at]!)),
  0x44: ({ operands, code }, words, at) => void operands.push(1, code.constant(bits64(words, at))),
  0xd0: ({ operands }) => void operands.push(1, number(0)),
  0xd1: (translation) => translation.value(Op.I64_EQZ, translation.operands.pop()),
  // A reference is the number of a function and one more: 0 is null.
  0xd2: ({ operands, binding }, words, at) =>
    void operands.push(1, number(binding.functions[words[at]!]! + 1)),
  0xfc08: (translation, words, at) =>
    bulk(
      translation,
      Op.MEMORY_INIT,
      translation.binding.memories[0]!,
      translation.binding.data[words[at]!]!,
    ),
  0xfc09: (translation, words, at) => {
    translation.effect(Op.DATA_DROP, number(0), undefined, { target: translation.binding.data[words[at]!]! });
  },
  0xfc0a: (translation) => {
    const memory = translation.binding.memories[0]!;
    bulk(translation, Op.MEMORY_COPY, memory, memory);
  },
  0xfc0b: (translation) => bulk(translation, Op.MEMORY_FILL, translation.binding.memories[0]!, 0),
  0xfc0c: (translation, words, at) => {
    const { elements, tables } = translation.binding;
    bulk(translation, Op.TABLE_INIT, tables[words[at + 1]!]!, elements[words[at]!]!);
  },
  0xfc0d: (translation, words, at) => {
    translation.effect(Op.ELEM_DROP, number(0), undefined, {
      target: translation.binding.elements[words[at]!]!,
    });
  },
  0xfc0e: (translation, words, at) => {
    const { tables } = translation.binding;
    bulk(translation, Op.TABLE_COPY, tables[words[at]!]!, tables[words[at + 1]!]!);
  },
  0xfc0f: (translation, words, at) => growTable(translation, translation.binding.tables[words[at]!]!),
  0xfc10: (translation, words, at) => {
    translation.value(Op.TABLE_SIZE, number(0), undefined, { c: translation.binding.tables[words[at]!]! });
  },
  0xfc11: (translation, words, at) =>
    bulk(translation, Op.TABLE_FILL, translation.binding.tables[words[at]!]!, 0),
};
