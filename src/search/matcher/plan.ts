/**
 * From a parsed pattern to the literals that a backend can look for instead.
 *
 * Every match of a pattern contains one of its *required* literals. They are found bottom-up, as in R. Cox,
 * "Regular Expression Matching with a Trigram Index" (2012), with sets of strings in the place of trigrams. A
 * string here is a text of units. A unit of 0–255 is that byte. FOLDED + a lower-case letter is the letter in
 * either case. FOLDED_FAR + "k" or "s" is that, and U+212A or U+017F as well.
 */

import type { Literal, MatcherPlan } from "../contracts.ts";
import { byteBits } from "./byte-frequency.ts";
import { FAR_FOLDS } from "./far-folds.ts";
import type { Hir } from "./hir.ts";

const FOLDED = 0x100;
const FOLDED_FAR = 0x200;
/** Largest number of literals for a backend. */
const LARGEST_SET = 16;
const LONGEST_STRING = 32;
/** Largest class that is spelled out, in characters. */
const LARGEST_CLASS = 8;
/** A set of literals that is expected more often than this, per byte, is useless as a filter. */
const COMMONEST = 1 / 64;

/** The exceptions of a text under `-i`. */
export const foldExceptionsOf = (text: string): Uint8Array[] =>
  Array.from(FAR_FOLDS).flatMap(([letter, { run }]) =>
    text.toLowerCase().includes(String.fromCharCode(letter)) ? [run] : [],
  );

/** What all matches of a node have in common. A set that contains the empty string says nothing. */
interface Known {
  /** All matches, in order of preference. Undefined if there are too many. */
  exact: string[] | undefined;
  /** Every match starts with one of these. */
  prefix: string[];
  /** Every match ends with one of these. */
  suffix: string[];
  /** Every match contains one of these: the best set found so far. */
  required: string[];
}

const NOTHING_KNOWN: string[] = [""];

/** Chooses what a search looks for in the place of a pattern. */
export function planFor(hir: Hir): MatcherPlan {
  if (matchesNothing(hir)) return { kind: "nothing" };
  const known = inspect(hir);
  const literal = known.exact !== undefined && !hasLook(hir) ? exactLiterals(known.exact) : undefined;
  if (literal !== undefined) return { kind: "literals", ...literal };
  const best = bestSet([known.required, known.exact ?? NOTHING_KNOWN, known.prefix, known.suffix]);
  return expectedPerByte(best) > COMMONEST ? { kind: "whole" } : { kind: "filter", ...toLiterals(best) };
}

function inspect(hir: Hir): Known {
  switch (hir.kind) {
    case "empty":
    case "look":
      return exactly([""]);
    case "literal":
      return exactly([String.fromCharCode(...hir.bytes)]);
    case "class": {
      const strings = hir.escapes.length === 0 ? classStrings(hir.ranges, hir.without) : undefined;
      return strings === undefined ? unknown() : exactly(strings);
    }
    case "repetition":
      return inspectRepetition(hir);
    case "concat":
      return hir.subs.map(inspect).reduce(followedBy);
    case "alternation":
      return hir.subs.map(inspect).reduce(or);
  }
}

const unknown = (): Known => ({
  exact: undefined,
  prefix: NOTHING_KNOWN,
  suffix: NOTHING_KNOWN,
  required: NOTHING_KNOWN,
});

const exactly = (strings: string[]): Known => ({
  exact: strings,
  prefix: strings,
  suffix: strings,
  required: strings,
});

function inspectRepetition(hir: Hir & { kind: "repetition" }): Known {
  const sub = inspect(hir.sub);
  if (hir.min === 0) {
    if (hir.max !== 1 || sub.exact === undefined) return unknown();
    return exactly(hir.greedy ? [...sub.exact, ""] : ["", ...sub.exact]);
  }
  let known = sub;
  for (let times = 1; times < Math.min(hir.min, LONGEST_STRING) && known.exact !== undefined; times++) {
    known = followedBy(known, sub);
  }
  const isAll = known.exact !== undefined && hir.max === hir.min && hir.min <= LONGEST_STRING;
  return isAll ? known : { ...known, exact: undefined };
}

function followedBy(left: Known, right: Known): Known {
  const exact = left.exact && right.exact && cross(left.exact, right.exact);
  if (exact !== undefined) return exactly(exact);
  const prefix = (left.exact && cross(left.exact, right.prefix)) ?? left.prefix;
  const suffix = (right.exact && cross(left.suffix, right.exact)) ?? right.suffix;
  const seam = cross(left.suffix, right.prefix) ?? NOTHING_KNOWN;
  return {
    exact: undefined,
    prefix,
    suffix,
    required: bestSet([left.required, right.required, seam, prefix, suffix]),
  };
}

function or(left: Known, right: Known): Known {
  const exact = left.exact && right.exact && union(left.exact, right.exact);
  if (exact !== undefined) return exactly(exact);
  return {
    exact: undefined,
    prefix: union(left.prefix, right.prefix) ?? NOTHING_KNOWN,
    suffix: union(left.suffix, right.suffix) ?? NOTHING_KNOWN,
    required: union(left.required, right.required) ?? NOTHING_KNOWN,
  };
}

function cross(left: string[], right: string[]): string[] | undefined {
  if (left.length * right.length > LARGEST_SET) return undefined;
  const joined = left.flatMap((a) => right.map((b) => a + b));
  return joined.some((text) => text.length > LONGEST_STRING) ? undefined : [...new Set(joined)];
}

function union(left: string[], right: string[]): string[] | undefined {
  const all = [...new Set([...left, ...right])];
  return all.length > LARGEST_SET ? undefined : all;
}

/** One string for each character of a small class. The two cases of a letter are one string. */
function classStrings(ranges: readonly [number, number][], without: readonly number[]): string[] | undefined {
  const codes = new Set<number>();
  for (const [from, to] of ranges) {
    if (to - from >= LARGEST_CLASS * 2) return undefined;
    for (let code = from; code <= to; code++) codes.add(code);
  }
  for (const code of without) codes.delete(code);
  const strings: string[] = [];
  for (const code of codes) {
    const isUpper = code >= 0x41 && code <= 0x5a;
    const isLower = code >= 0x61 && code <= 0x7a;
    if (isUpper && codes.has(code + 32)) continue; // said with its lower case
    if (isLower && codes.has(code - 32)) {
      const far = FAR_FOLDS.get(code)?.code ?? -1;
      const hasFar = codes.has(far);
      if (hasFar) codes.delete(far);
      strings.push(String.fromCharCode((hasFar ? FOLDED_FAR : FOLDED) + code));
    } else strings.push(Buffer.from(String.fromCodePoint(code)).toString("latin1"));
  }
  return strings.length > LARGEST_CLASS ? undefined : strings;
}

/** The set that is expected least often. Of equal sets, the smaller one. */
function bestSet(sets: string[][]): string[] {
  return sets.reduce((best, set) => (expectedPerByte(set) < expectedPerByte(best) ? set : best));
}

/**
 * How often per byte a set is expected in source text, if bytes were independent of each other.
 * That underestimates long strings, so a string counts only for a few of its bytes. Each literal adds a small
 * cost, because it slows the scan down.
 */
function expectedPerByte(set: readonly string[]): number {
  let sum = 0;
  for (const text of set) {
    let bits = 0;
    for (let i = 0; i < text.length; i++) bits += Math.max(0, unitBits(text.charCodeAt(i)) - 1.5);
    sum += 2 ** -Math.min(bits, 40) + 1e-6;
  }
  return sum;
}

function unitBits(unit: number): number {
  if (unit < FOLDED) return byteBits(unit);
  const lower = unit & 0xff;
  return -Math.log2(2 ** -byteBits(lower) + 2 ** -byteBits(lower - 32));
}

/**
 * The strings as literals that say exactly the same. Undefined where folding or a common beginning would
 * match too much.
 */
function exactLiterals(strings: string[]): { literals: Literal[]; foldExceptions: Uint8Array[] } | undefined {
  if (strings.includes("") || strings.length > LARGEST_SET) return undefined;
  // A string that begins with an earlier one is never reached, because the earlier one matches first.
  const reached = strings.filter((text, i) => !strings.some((other, j) => j < i && text.startsWith(other)));
  if (reached.some((a) => reached.some((b) => a !== b && mayStart(a, b)))) return undefined;
  const isMixed = (text: string): boolean => {
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    const isPlainLetter = (unit: number): boolean => /[A-Za-z]/.test(String.fromCharCode(unit));
    return units.some((unit) => unit >= FOLDED) && units.some((unit) => unit < FOLDED && isPlainLetter(unit));
  };
  return reached.some(isMixed) ? undefined : toLiterals(reached);
}

/** True if `b` can begin with `a`, where letters may be in either case. */
function mayStart(a: string, b: string): boolean {
  const fold = (text: string): string =>
    Array.from({ length: text.length }, (_, i) =>
      String.fromCharCode(text.charCodeAt(i) & 0xff).toLowerCase(),
    ).join("");
  return fold(b).startsWith(fold(a));
}

function toLiterals(strings: readonly string[]): { literals: Literal[]; foldExceptions: Uint8Array[] } {
  const exceptions = new Set<Uint8Array>();
  const literals = strings.map((text): Literal => {
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    for (const unit of units) {
      const run = unit >= FOLDED_FAR ? FAR_FOLDS.get(unit & 0xff)?.run : undefined;
      if (run !== undefined) exceptions.add(run);
    }
    const ignoreAsciiCase = units.some((unit) => unit >= FOLDED);
    const lower = (byte: number): number =>
      ignoreAsciiCase && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    return { bytes: Uint8Array.from(units, (unit) => lower(unit & 0xff)), ignoreAsciiCase };
  });
  return { literals, foldExceptions: [...exceptions] };
}

function hasLook(hir: Hir): boolean {
  if (hir.kind === "look") return true;
  if (hir.kind === "repetition") return hasLook(hir.sub);
  return (hir.kind === "concat" || hir.kind === "alternation") && hir.subs.some(hasLook);
}

function matchesNothing(hir: Hir): boolean {
  switch (hir.kind) {
    case "class":
      return hir.ranges.length + hir.escapes.length === 0;
    case "repetition":
      return hir.min > 0 && matchesNothing(hir.sub);
    case "concat":
      return hir.subs.some(matchesNothing);
    case "alternation":
      return hir.subs.every(matchesNothing);
    default:
      return false;
  }
}
