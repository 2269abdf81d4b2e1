/** From the text of a flag's value to the value. Messages are ripgrep's; the parser says for which flag. */
import { EverwarpError } from "../../base/index.ts";

export function badValue(message: string): EverwarpError {
  return new EverwarpError("EW_BAD_FLAG_VALUE", message);
}

/** The largest count that is told from "without limit". */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** What ripgrep's numbers hold. */
const LARGEST_U64 = 0xffff_ffff_ffff_ffffn;

/** A whole number ≥ 0. */
export function parseCount(text: string): number {
  if (text === "") throw badValue("value is not a valid number: cannot parse integer from empty string");
  if (!/^\+?\d+$/.test(text)) throw badValue("value is not a valid number: invalid digit found in string");
  if (BigInt(text) > LARGEST_U64)
    throw badValue("value is not a valid number: number too large to fit in target type");
  return Math.min(Number(text), LARGEST);
}

/** A number of bytes, with K, M or G behind it for powers of 1024. */
export function parseSize(text: string): number {
  const match = /^(\d+)([KMG])?$/.exec(text);
  if (match === null)
    throw badValue(
      `invalid size: invalid format for size '${text}', which should be a non-empty sequence of digits followed by an optional 'K', 'M' or 'G' suffix`,
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

/** One of some words. */
export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((word) => word === text);
  if (choice === undefined) throw badValue(`choice '${text}' is unrecognized`);
  return choice;
}

const ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9, "0": 0, "\\": 92 };

/** A separator: text with \\n, \\t, \\x00 and the like, as bytes in a latin1 string. */
export function parseEscaped(text: string): string {
  const source = Buffer.from(text).toString("latin1");
  return source.replace(
    /\\(?:x([0-9A-Fa-f]{2})|([nrt0\\]))/g,
    (_whole, hex: string | undefined, letter: string) =>
      String.fromCharCode(hex === undefined ? (ESCAPES[letter] as number) : Number.parseInt(hex, 16)),
  );
}
