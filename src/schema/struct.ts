/** Makes structs: the layout is solved once, when the schema module is loaded. */

import {
  assertInstance,
  fullText,
  type OptionChecks,
  oneOf,
  readOptions,
  recordOf,
  text as textOf,
  EverwarpError,
} from "../base/index.ts";
import { structReader, structWriter, type WordReader, type WordWriter } from "./codec.ts";
import { solve } from "./solve.ts";
import { assertField, type Fields, type InferFields, type LayoutRule, type StructLayout } from "./types.ts";

/** A struct of the schema, with its codec. */
export interface Struct<F extends Fields = Fields> extends StructLayout<F> {
  /**
   * Stores a whole record at words[0 …].
   *
   * @param values all fields; arrays may be shorter than their room, and what has no value becomes zeros
   * @param words where to store it; new words of the struct's size if not given
   * @returns the words
   * @throws EW_BAD_ARGUMENT for a value that does not fit its field, and for words that are too few
   */
  pack(values: InferFields<F>, words?: Uint32Array): Uint32Array;
  /** Makes a record of the words from words[0] on. @throws EW_BAD_ARGUMENT for words that are too few */
  unpack(words: Uint32Array): InferFields<F>;
}

/** How a struct is laid out and described. */
export interface StructOptions {
  /** `scalar` if not given: each field at the next multiple of its own size. */
  rule?: LayoutRule;
  /** A sentence about the whole, a comment in GLSL. */
  doc?: string;
}

const STRUCT_OPTIONS: OptionChecks<StructOptions> = { rule: oneOf("scalar", "std430"), doc: textOf };
const anyFields = recordOf(assertField, "the fields of a struct by their names");

/**
 * Defines a struct.
 *
 * @param name its name in GLSL
 * @param fields in the order of memory
 * @throws EW_BAD_ARGUMENT for names or types that GLSL cannot express
 */
export function struct<const F extends Fields>(
  name: string,
  fields: F,
  options: StructOptions = {},
): Struct<F> {
  const { rule = "scalar", doc: text } = readOptions<StructOptions>(
    "the options of struct",
    options,
    STRUCT_OPTIONS,
  );
  fullText("the name of a struct", name);
  anyFields("fields", fields);
  const solved = solve(name, fields, rule);
  const words = Object.fromEntries(
    Object.entries(solved.offsets).map(([field, offset]) => [field, offset / 4]),
  );
  const layout: StructLayout<F> = {
    kind: "struct",
    name,
    rule,
    fields,
    text,
    offsets: solved.offsets as Struct<F>["offsets"],
    words: words as Struct<F>["words"],
    sizeBytes: solved.sizeBytes,
    strideBytes: solved.strideBytes,
    alignBytes: solved.alignBytes,
  };
  const plain = layout as unknown as StructLayout; // the same, with its fields forgotten
  const wordCount = solved.sizeBytes / 4;
  // Compiled when first used: most programs use few of the structs that they load.
  let write: WordWriter | undefined;
  let read: WordReader | undefined;
  return {
    ...layout,
    pack(values, words = new Uint32Array(wordCount)) {
      assertRoom(name, wordCount, words);
      (write ??= structWriter(plain))(values, words);
      return words;
    },
    unpack(words) {
      assertRoom(name, wordCount, words);
      return (read ??= structReader(plain))(words) as InferFields<F>;
    },
  };
}

function assertRoom(name: string, wordCount: number, words: Uint32Array): void {
  assertInstance("words", words, Uint32Array, "a Uint32Array");
  if (words.length >= wordCount) return;
  throw new EverwarpError("EW_BAD_ARGUMENT", `a ${name} has ${wordCount} words, not ${words.length}`, {
    remedy: "Give as many words as the struct has, or more.",
  });
}
