/** Defines structs. The layout is solved once, when the schema module is loaded. */

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
   * @param values all fields; an array may be shorter than its count, and its remaining elements become zeros
   * @param words the target; new words of the struct's size if not given
   * @returns the words
   * @throws EW_BAD_ARGUMENT for a value that does not fit its field, and for too few words
   */
  pack(values: InferFields<F>, words?: Uint32Array): Uint32Array;
  /** Reads a record from words[0 …]. @throws EW_BAD_ARGUMENT for too few words */
  unpack(words: Uint32Array): InferFields<F>;
}

/** The layout and the description of a struct. */
export interface StructOptions {
  /** `scalar` if not given: each field begins at the next multiple of its alignment. */
  rule?: LayoutRule;
  /** A sentence about the struct; a comment in GLSL. */
  doc?: string;
}

const STRUCT_OPTIONS: OptionChecks<StructOptions> = { rule: oneOf("scalar", "std430"), doc: textOf };
const anyFields = recordOf(assertField, "the fields of a struct by their names");

/**
 * Defines a struct.
 *
 * @param name its name in GLSL
 * @param fields in memory order
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
  const plain = layout as unknown as StructLayout; // the same object, without the types of its fields
  const wordCount = solved.sizeBytes / 4;
  // Compiled at the first use, because most programs use few of the structs that they load.
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
