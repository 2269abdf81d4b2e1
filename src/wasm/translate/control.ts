/** Blocks, branches and calls. */
import { Operation as Op } from "../form/index.ts";
import { blockType, type FunctionType } from "../module/index.ts";
import { number } from "./operands.ts";
import { type Label, slotsOf, type Translation } from "./translation.ts";

/** Translates one instruction. @returns whether the code that follows is never reached */
export type Handler = (translation: Translation, words: Int32Array, at: number) => boolean | void;

function typeOf({ module }: Translation, word: number): FunctionType {
  return blockType(module.types, word)!;
}

function open(translation: Translation, word: number, start?: number): Label {
  const { operands } = translation;
  const type = typeOf(translation, word);
  const params = type.params.map(slotsOf);
  const results = type.results.map(slotsOf);
  const height = operands.list.length - params.length;
  const label: Label = {
    carried: start === undefined ? results : params,
    results,
    params,
    height,
    home: operands.list[height]?.home ?? operands.top,
    start,
    patches: [],
  };
  translation.labels.push(label);
  return label;
}

/** The label that a branch names; undefined for the function itself. */
function labelOf({ labels }: Translation, depth: number): Label | undefined {
  return labels[labels.length - 1 - depth];
}

/** All operands of a block that begins are at home: its parameters, and what locals and globals below may change. */
function enter(translation: Translation, word: number): void {
  translation.settle();
  translation.gather(typeOf(translation, word).params.length);
}

/** Sets the stack to what it is at a label. */
function restack({ operands }: Translation, { height }: Label, slots: readonly number[]): void {
  operands.cut(height);
  for (const each of slots) operands.push(each);
}

/** The end of a block, or the `else` in it. @param isReached whether the code before it runs to its end */
export function closeBlock(translation: Translation, isReached: boolean): void {
  const label = translation.labels.pop()!;
  if (isReached) translation.gather(label.results.length);
  if (label.elsePatch !== undefined) label.patches.push({ in: "code", at: label.elsePatch });
  translation.place(label.patches);
  restack(translation, label, label.results);
}

/** The `else` of an `if`. @param isReached whether the code before it runs to its end */
export function beginElse(translation: Translation, isReached: boolean): void {
  const label = translation.labels.at(-1)!;
  if (isReached) translation.jump(label);
  translation.place();
  translation.code.setTarget(label.elsePatch!, translation.code.count);
  label.elsePatch = undefined;
  restack(translation, label, label.params);
}

function branchIf(translation: Translation, depth: number): void {
  const label = labelOf(translation, depth);
  const condition = translation.operands.pop();
  const moves = label === undefined || translation.carriesMoves(label);
  translation.operands.push(condition.slots, condition);
  if (!moves) {
    translation.aim(label, { in: "code", at: translation.branch(true) });
    return;
  }
  const over = translation.branch(false);
  translation.jump(label);
  translation.place([{ in: "code", at: over }]);
}

function branchTable(translation: Translation, depths: Int32Array): void {
  const { code, operands } = translation;
  const index = operands.pop();
  const first = code.jumps.length;
  for (let entry = 0; entry < depths.length; entry++) code.jumps.push(0);
  translation.effect(Op.TABLE_JUMP, index, number(first), { target: depths.length });
  const stubs = new Map<number, number>();
  depths.forEach((depth, entry) => {
    const label = labelOf(translation, depth);
    const patch = { in: "jumps", at: first + entry } as const;
    if (label !== undefined && !translation.carriesMoves(label)) return translation.aim(label, patch);
    let stub = stubs.get(depth);
    if (stub === undefined) {
      stub = code.count;
      stubs.set(depth, stub);
      translation.place();
      translation.jump(label);
    }
    code.jumps[patch.at] = stub;
  });
}

function call(translation: Translation, type: FunctionType, emit: (argumentsAt: number) => void): void {
  translation.settleGlobals();
  const at = translation.gather(type.params.length);
  translation.drop(type.params.length);
  emit(at);
  for (const result of type.results) translation.operands.push(slotsOf(result));
}

/** By opcode. `else` and `end` are not among them: they are met when code that is never reached ends, too. */
export const CONTROL: Readonly<Record<number, Handler>> = {
  0x00: (translation) => {
    translation.effect(Op.UNREACHABLE, number(0));
    return true;
  },
  0x01: () => undefined,
  0x02: (translation, words, at) => {
    enter(translation, words[at]!);
    open(translation, words[at]!);
  },
  0x03: (translation, words, at) => {
    enter(translation, words[at]!);
    translation.place();
    open(translation, words[at]!, translation.code.count);
  },
  0x04: (translation, words, at) => {
    const { operands } = translation;
    const end = operands.list.length - 1;
    // Mostly nothing has to move, and the condition becomes the branch itself.
    if (!translation.isReady(end - typeOf(translation, words[at]!).params.length, end)) {
      const condition = operands.pop();
      enter(translation, words[at]!);
      operands.push(condition.slots, condition);
    }
    const branch = translation.branch(false);
    open(translation, words[at]!).elsePatch = branch;
  },
  0x0c: (translation, words, at) => {
    translation.jump(labelOf(translation, words[at]!));
    return true;
  },
  0x0d: (translation, words, at) => branchIf(translation, words[at]!),
  0x0f: (translation) => {
    translation.return();
    return true;
  },
  0x10: (translation, words, at) => {
    const callee = translation.module.functions[words[at]!]!;
    const target = translation.binding.functions[words[at]!]!;
    call(translation, callee.type, (argumentsAt) => {
      translation.effect(Op.CALL, number(0), number(argumentsAt), { target });
    });
  },
  0x11: (translation, words, at) => {
    const typeIndex = words[at]!;
    const table = translation.binding.tables[words[at + 1]!]!;
    const target = translation.binding.types[typeIndex]!;
    const index = translation.operands.pop();
    call(translation, translation.module.types[typeIndex]!, (argumentsAt) => {
      translation.effect(Op.CALL_INDIRECT, index, number(argumentsAt), { target, c: table });
    });
  },
};

/** `br_table`, whose words are counted by the caller. */
export function translateBranchTable(translation: Translation, depths: Int32Array): true {
  branchTable(translation, depths);
  return true;
}
