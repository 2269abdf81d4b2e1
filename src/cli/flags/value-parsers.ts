/** Parses the text of a flag's value. The messages are ripgrep's. The caller adds the flag's name. */
import { EverwarpError, holdsBytes } from "../../base/index.ts";

/** The error EW_BAD_FLAG_VALUE. */
export function badValue(message: string): EverwarpError {
  return new EverwarpError("EW_BAD_FLAG_VALUE", message);
}

/** The largest count that is different from "no limit". */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** The largest number that ripgrep reads. */
const LARGEST_U64 = 0xffff_ffff_ffff_ffffn;

/** Parses a whole number ≥ 0. */
export function parseCount(text: string): number {
  if (text === "") throw badValue("value is not a valid number: cannot parse integer from empty string");
  if (!/^\+?\d+$/.test(text)) throw badValue("value is not a valid number: invalid digit found in string");
  if (BigInt(text) > LARGEST_U64)
    throw badValue("value is not a valid number: number too large to fit in target type");
  return Math.min(Number(text), LARGEST);
}

/** Parses a number of bytes. K, M or G behind it means a power of 1024. */
export function parseSize(text: string): number {
  const match = /^(\d+)([KMG])?$/.exec(text);
  if (match === null)
    throw badValue(
      `invalid size: invalid format for size '${text}', which should be a non-empty sequence ` +
        "of digits followed by an optional 'K', 'M' or 'G' suffix",
    );
  const power = match[2] === undefined ? 0 : "KMG".indexOf(match[2]) + 1;
  const number = BigInt(match[1] as string);
  if (number > LARGEST_U64)
    throw badValue(
      `invalid size: invalid integer found in size '${text}': number too large to fit in target type`,
    );
  const bytes = number << BigInt(10 * power);
  if (bytes > LARGEST_U64) throw badValue(`invalid size: size too big in '${text}'`);
  return Math.min(Number(bytes), LARGEST);
}

/** Parses one of several words. */
export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((word) => word === text);
  if (choice === undefined) throw badValue(`choice '${text}' is unrecognized`);
  return choice;
}

const ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9, "0": 0, "\\": 92 };

/** Parses a separator: text with \\n, \\t, \\x00 and the like. The result is bytes as a latin1 string. */
export function parseEscaped(text: string): string {
  if (holdsBytes(text))
    throw badValue(
      "separator must be valid UTF-8 (use escape sequences to provide a separator that is not valid UTF-8)",
    );
  const source = Buffer.from(text).toString("latin1");
  return source.replace(
    /\\(?:x([0-9A-Fa-f]{2})|([nrt0\\]))/g,
    (_whole, hex: string | undefined, letter: string) =>
      String.fromCharCode(hex === undefined ? (ESCAPES[letter] as number) : Number.parseInt(hex, 16)),
  );
}
