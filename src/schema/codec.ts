/**
 * The codec of structs: converts records to words, and words to records.
 *
 * Each struct is compiled once, from generated text, into a function with the field names and offsets as literals. That
 * is about ten times as fast as a loop over the fields, and every request of a kernel uses it. The text contains only
 * names that are valid GLSL identifiers, so it cannot contain foreign code. Values are checked before they are stored,
 * because nobody would notice that a kernel reads a wrong value.
 */
import { shown, EverwarpError } from "../base/index.ts";
import { strideOf } from "./solve.ts";
import { type ScalarKind, type StructLayout, type UndocumentedType, undocumented } from "./types.ts";

/** Stores a record at words[0 …]. @throws EW_BAD_ARGUMENT naming the field */
export type WordWriter = (value: unknown, words: Uint32Array) => void;
/** Makes a record from words. */
export type WordReader = (words: Uint32Array) => unknown;

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** The functions that generated functions call. */
const helpers = {
  floatToBits(value: number): number {
    float[0] = value;
    return floatBits[0];
  },
  bitsToFloat(bits: number): number {
    floatBits[0] = bits;
    return float[0];
  },
  isList(value: unknown): value is ArrayLike<unknown> {
    return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  },
  misfit(where: string, wanted: string, value: unknown): EverwarpError {
    return new EverwarpError(
      "EW_BAD_ARGUMENT",
      `${where} takes ${wanted}, not ${helpers.isList(value) ? `${value.length} elements` : shown(value)}`,
      {
        remedy: "See the schema of the struct.",
      },
    );
  },
};

function make<T>(parameters: string, body: string): T {
  const names = Object.keys(helpers).join(", ");
  // oxlint-disable-next-line no-implied-eval -- see the head of this file
  const factory = new Function(
    "helpers",
    `"use strict"; const { ${names} } = helpers; return (${parameters}) => {\n${body}};`,
  ) as (given: typeof helpers) => T;
  return factory(helpers);
}

/**
 * Compiles a writer of whole structs. All fields must be given. An array may be shorter than its count; its remaining
 * elements become zeros. Padding becomes zeros. An array without a count is left unchanged.
 */
export function structWriter(of: StructLayout): WordWriter {
  const wordCount = of.sizeBytes / 4;
  const clear = isDense(of) ? "" : `words.fill(0, 0, ${wordCount});\n`;
  return make("value, words", clear + writeText(of, of, "value", "0", of.name, 0));
}

/** Whether a field is not part of records: padding, and an array without a count. */
function isSkipped(type: UndocumentedType): boolean {
  return type.kind === "padding" || (type.kind === "array" && type.count === undefined);
}

/** Whether every write of the struct covers every word. */
function isDense(of: StructLayout): boolean {
  let covered = 0;
  for (const documented of Object.values(of.fields)) {
    const type = undocumented(documented);
    if (type.kind === "array" || type.kind === "padding") return false;
    if (type.kind === "struct" && !isDense(type)) return false;
    covered += type.kind === "struct" ? type.sizeBytes / 4 : type.kind === "u64" ? 2 : 1;
  }
  return covered === of.sizeBytes / 4;
}

/**
 * Statements that check and store a value.
 * @param value a variable of the generated function
 * @param at an expression: the index of the value's first word
 * @param where text of a template literal that names the value in errors
 * @param depth nesting depth, which makes variable names unique
 */
function writeText(
  type: UndocumentedType,
  of: StructLayout,
  value: string,
  at: string,
  where: string,
  depth: number,
): string {
  const check = (condition: string, wanted: string): string => checkText(value, where, condition, wanted);
  switch (type.kind) {
    case "u32":
    case "i32":
    case "f32":
    case "u64":
      return scalarText(type.kind, value, at, check);
    case "struct": {
      const fields = Object.entries(type.fields).map(([name, documented]) => {
        const inner = undocumented(documented);
        if (isSkipped(inner)) return "";
        const field = `value${depth + 1}`;
        const text = writeText(
          inner,
          type,
          field,
          `${at} + ${type.words[name]}`,
          `${where}.${name}`,
          depth + 1,
        );
        return `{ const ${field} = ${value}.${name};\n${text}}\n`;
      });
      return check(`typeof ${value} === "object" && ${value} !== null`, "a record") + fields.join("");
    }
    case "array": {
      const index = `index${depth}`;
      const element = `value${depth + 1}`;
      const strideWords = strideOf(type.element, of.rule) / 4;
      const text = writeText(
        type.element,
        of,
        element,
        `${at} + ${index} * ${strideWords}`,
        `${where}[\${${index}}]`,
        depth + 1,
      );
      return (
        check(`isList(${value}) && ${value}.length <= ${type.count}`, `at most ${type.count} elements`) +
        `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) { ` +
        `const ${element} = ${value}[${index}];\n${text}}\n`
      );
    }
    case "padding":
      return "";
  }
}

/** A statement that throws if a value does not satisfy a condition. */
function checkText(value: string, where: string, condition: string, wanted: string): string {
  return `if (!(${condition})) throw misfit(\`${where}\`, ${JSON.stringify(wanted)}, ${value});\n`;
}

/** Statements that check and store a scalar. */
function scalarText(
  kind: ScalarKind,
  value: string,
  at: string,
  check: (condition: string, wanted: string) => string,
): string {
  const isNumber = `typeof ${value} === "number"`;
  switch (kind) {
    case "u32":
      return (
        check(`${isNumber} && ${value} >>> 0 === ${value}`, "an integer of 0..4294967295") +
        `words[${at}] = ${value};\n`
      );
    case "i32":
      return (
        check(`${isNumber} && (${value} | 0) === ${value}`, "an integer of -2147483648..2147483647") +
        `words[${at}] = ${value};\n`
      );
    case "f32":
      return `${check(isNumber, "a number")}words[${at}] = floatToBits(${value});\n`;
    case "u64":
      return `${check(
        `typeof ${value} === "bigint" && BigInt.asUintN(64, ${value}) === ${value}`,
        "a bigint of 0n..18446744073709551615n",
      )}words[${at}] = Number(${value} & 0xffffffffn);\nwords[${at} + 1] = Number(${value} >> 32n);\n`;
  }
}

/** Compiles a reader of whole structs. @param base index of the first word of the struct */
export function structReader(of: StructLayout, base = 0): WordReader {
  return make("words", `return ${readText(of, of, base)};\n`);
}

/** An expression that builds a value. */
function readText(type: UndocumentedType, of: StructLayout, at: number): string {
  switch (type.kind) {
    case "u32":
      return `words[${at}]`;
    case "i32":
      return `words[${at}] | 0`;
    case "f32":
      return `bitsToFloat(words[${at}])`;
    case "u64":
      return `(BigInt(words[${at + 1}]) << 32n) | BigInt(words[${at}])`;
    case "struct": {
      const fields = Object.entries(type.fields)
        .map(([name, documented]) => ({ name, inner: undocumented(documented) }))
        .filter(({ inner }) => !isSkipped(inner))
        .map(({ name, inner }) => `${name}: ${readText(inner, type, at + (type.words[name] ?? 0))}`);
      return `{ ${fields.join(", ")} }`;
    }
    case "array": {
      const strideWords = strideOf(type.element, of.rule) / 4;
      const elements = Array.from({ length: type.count ?? 0 }, (_, index) =>
        readText(type.element, of, at + index * strideWords),
      );
      return `[${elements.join(", ")}]`;
    }
    case "padding":
      return "undefined";
  }
}
