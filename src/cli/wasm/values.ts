/** Values of WebAssembly as words of a command line, as JSON, and as lines of output. */
import { EverwarpError } from "../../base/index.ts";
import type { WasmColumn } from "../../wasm/index.ts";

/** The names of the parameters in the text of a function type: those before the arrow of `[i32 f64] -> [i32]`. */
export function parametersOf(text: string): readonly string[] {
  return text.slice(1, text.indexOf("]")).split(" ").filter(Boolean);
}

const SPECIAL: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const INTEGER = /^[+-]?(0x[0-9a-f]+|\d+)$/i;

/** A column of one type, filled row by row with what users wrote. */
export class ColumnBuilder {
  readonly column: WasmColumn;
  readonly #type: string;

  /** @throws EW_BAD_ARGUMENT for a type that cannot be written */
  constructor(type: string, rows: number) {
    this.#type = type;
    this.column = emptyColumn(type, rows);
  }

  /** @param where names the value in errors @throws EW_BAD_ARGUMENT */
  set(row: number, value: unknown, where: string): void {
    const text = typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : "";
    const column = this.column as unknown as (number | bigint)[];
    if (this.#type === "i32" || this.#type === "i64") column[row] = this.#integer(text, where);
    else if (this.#type === "v128") (this.column as Uint8Array).set(this.#vector(text, where), row * 16);
    else column[row] = this.#float(text, where);
  }

  #integer(text: string, where: string): number | bigint {
    const bits = this.#type === "i32" ? 32n : 64n;
    const digits = text.replace(/^[+-]/, "");
    const value = INTEGER.test(text) ? BigInt(digits) * (text.startsWith("-") ? -1n : 1n) : undefined;
    if (value === undefined || value < -(1n << (bits - 1n)) || value >= 1n << bits)
      throw this.#bad(text, where, `a whole number of ${bits} bits, signed or unsigned`);
    return bits === 32n ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
  }

  #float(text: string, where: string): number {
    const value = SPECIAL[text.toLowerCase()] ?? Number(text);
    const isNumber = text !== "" && (!Number.isNaN(value) || text.toLowerCase() === "nan");
    if (!isNumber) throw this.#bad(text, where, "a number, nan, inf or -inf");
    return value;
  }

  #vector(text: string, where: string): Uint8Array {
    if (!/^0x[0-9a-f]{32}$/i.test(text))
      throw this.#bad(text, where, "0x and 32 digits, the highest byte first");
    return Buffer.from(text.slice(2), "hex").reverse();
  }

  #bad(text: string, where: string, allowed: string): EverwarpError {
    return new EverwarpError(
      "EW_BAD_ARGUMENT",
      `${where} is ${JSON.stringify(text)}, and its type is ${this.#type}`,
      {
        remedy: `It must be ${allowed}.`,
      },
    );
  }
}

function emptyColumn(type: string, rows: number): WasmColumn {
  switch (type) {
    case "i32":
      return new Int32Array(rows);
    case "i64":
      return new BigInt64Array(rows);
    case "f32":
      return new Float32Array(rows);
    case "f64":
      return new Float64Array(rows);
    case "v128":
      return new Uint8Array(rows * 16);
    default:
      throw new EverwarpError("EW_BAD_ARGUMENT", `a parameter is a ${type}`, {
        remedy: "References cannot be written: call a function of numbers and vectors.",
      });
  }
}

/** A value of a column as text. */
export function valueText(column: WasmColumn, row: number): string {
  if (column instanceof Uint8Array) {
    const bytes = Buffer.from(column.slice(row * 16, row * 16 + 16)).reverse();
    return `0x${bytes.toString("hex")}`;
  }
  const value = column[row]!;
  if (typeof value === "bigint") return String(value);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The values of a row as JSON. What JSON has no number for is a string. */
export function rowJson(columns: readonly WasmColumn[], row: number): string {
  const values = columns.map((column) => {
    const text = valueText(column, row);
    const isNumber = !(column instanceof BigInt64Array || column instanceof Uint8Array) && /\d$/.test(text);
    return isNumber ? text : JSON.stringify(text);
  });
  return `[${values.join(",")}]`;
}
