/** SPIR-V modules in which words were changed, and what may come of them. */
import { EverwarpError } from "../../src/base/index.ts";
import type { Dice } from "./lint-generator.ts";

/** One of the modules, with one to four words changed: to another id, another opcode, or anything. */
export function damaged(modules: readonly Uint32Array[], dice: Dice): Uint32Array {
  const words = Uint32Array.from(dice.one(modules));
  for (let change = dice.below(4); change >= 0; change--) {
    const at = 5 + dice.below(words.length - 5);
    words[at] = dice.one([
      dice.below(words[3] ?? 1),
      (words[at] ?? 0) ^ (1 << dice.below(32)),
      dice.below(2 ** 32),
    ]);
  }
  return words;
}

/**
 * Reads a module that may be damaged. What it throws but EW_BAD_SPIRV and EW_LINT_LIMIT is a fault.
 *
 * @returns whether the module was understood
 */
export function survives(read: () => void, about: string): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof EverwarpError && (error.code === "EW_BAD_SPIRV" || error.code === "EW_LINT_LIMIT"))
      return false;
    throw new Error(about, { cause: error });
  }
}
