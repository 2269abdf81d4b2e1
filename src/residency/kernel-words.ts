/**
 * Structs as words on the host: what `kernel-source.ts` writes for the device, here for TypeScript.
 *
 * Each field becomes one closure that knows its place, made once; a call then walks closures and looks nothing up. Values are checked
 * on the way in, since a request that the kernel reads wrongly is found by nobody.
 */
import { EverwarpError } from "../base/errors.ts";
import { strideOf } from "../schema/solve.ts";
import { type StructLayout, type UndocumentedType, undocumented } from "../schema/types.ts";

/** Stores a value's words. @throws EW_BAD_ARGUMENT naming the field */
export type WordWriter = (value: unknown, words: Uint32Array) => void;
/** Makes a value from words. */
export type WordReader = (words: Uint32Array) => unknown;

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * A writer of a whole struct, into words that are zero. All fields must be there; arrays may be shorter than their room.
 *
 * @param base word at which the struct begins
 */
export function structWriter(of: StructLayout, base = 0, where = of.name): WordWriter {
  const fields: { name: string; write: WordWriter }[] = [];
  for (const [name, documented] of Object.entries(of.fields)) {
    const type = undocumented(documented);
    const at = base + (of.words[name] ?? 0);
    fields.push({ name, write: valueWriter(type, of, at, `${where}.${name}`) });
  }
  return (value, words) => {
    if (typeof value !== "object" || value === null) throw misfit(where, "a record", value);
    const record = value as Readonly<Record<string, unknown>>;
    for (const { name, write } of fields) write(record[name], words);
  };
}

function valueWriter(type: UndocumentedType, of: StructLayout, at: number, where: string): WordWriter {
  switch (type.kind) {
    case "u32":
      return (value, words) => {
        if (typeof value !== "number" || value >>> 0 !== value)
          throw misfit(where, "an integer of 0..4294967295", value);
        words[at] = value;
      };
    case "i32":
      return (value, words) => {
        if (typeof value !== "number" || (value | 0) !== value)
          throw misfit(where, "an integer of -2147483648..2147483647", value);
        words[at] = value;
      };
    case "f32":
      return (value, words) => {
        if (typeof value !== "number") throw misfit(where, "a number", value);
        float[0] = value;
        words[at] = floatBits[0];
      };
    case "u64":
      return (value, words) => {
        if (typeof value !== "bigint" || value < 0n || value > U64_MAX)
          throw misfit(where, "a bigint of 0n..18446744073709551615n", value);
        words[at] = Number(value & 0xffff_ffffn);
        words[at + 1] = Number(value >> 32n);
      };
    case "struct":
      return structWriter(type, at, where);
    case "array":
      return arrayWriter(type, of, at, where);
    case "padding":
      return () => {}; // zeros already
  }
}

function arrayWriter(
  { element, count = 0 }: Extract<UndocumentedType, { kind: "array" }>,
  of: StructLayout,
  at: number,
  where: string,
): WordWriter {
  const strideWords = strideOf(element, of.rule) / 4;
  const elements = Array.from({ length: count }, (_, index) =>
    valueWriter(element, of, at + index * strideWords, `${where}[${index}]`),
  );
  return (value, words) => {
    if (!isList(value) || value.length > count) throw misfit(where, `at most ${count} elements`, value);
    for (let index = 0; index < value.length; index++) elements[index](value[index], words);
  };
}

/** A reader of a whole struct whose first word is words[base]. */
export function structReader(of: StructLayout, base = 0): WordReader {
  const fields: { name: string; read: WordReader }[] = [];
  for (const [name, documented] of Object.entries(of.fields)) {
    const type = undocumented(documented);
    if (type.kind !== "padding")
      fields.push({ name, read: valueReader(type, of, base + (of.words[name] ?? 0)) });
  }
  return (words) => {
    const record: Record<string, unknown> = {};
    for (const { name, read } of fields) record[name] = read(words);
    return record;
  };
}

function valueReader(
  type: Exclude<UndocumentedType, { kind: "padding" }>,
  of: StructLayout,
  at: number,
): WordReader {
  switch (type.kind) {
    case "u32":
      return (words) => words[at];
    case "i32":
      return (words) => words[at] | 0;
    case "f32":
      return (words) => {
        floatBits[0] = words[at];
        return float[0];
      };
    case "u64":
      return (words) => (BigInt(words[at + 1]) << 32n) | BigInt(words[at]);
    case "struct":
      return structReader(type, at);
    case "array": {
      const strideWords = strideOf(type.element, of.rule) / 4;
      const elements = Array.from({ length: type.count ?? 0 }, (_, index) =>
        valueReader(type.element, of, at + index * strideWords),
      );
      return (words) => elements.map((read) => read(words));
    }
  }
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function misfit(where: string, wanted: string, value: unknown): EverwarpError {
  const length = isList(value) ? `${value.length} elements` : undefined;
  const shown = typeof value === "bigint" ? `${value}n` : (length ?? JSON.stringify(value)?.slice(0, 60));
  return new EverwarpError(
    "EW_BAD_ARGUMENT",
    `${where} takes ${wanted}, not ${shown ?? String(typeof value)}`,
    { remedy: "See the schema that the kernel was launched with." },
  );
}
