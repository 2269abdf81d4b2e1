/**
 * Patterns as shapes of bytes: all that a filter keeps of a pattern.
 *
 * A shape matches wherever the pattern does, and maybe elsewhere. It knows no characters beyond ASCII: where a class
 * has any of them, all bytes from 0x80 on stand for it. It knows no limits of repetition, and of assertions only those
 * that bytes decide. What may begin or end a match at will is left out.
 */
import { classOfEscape, type Hir, type LookName } from "../matcher/index.ts";

/** A set of bytes: 256 entries, 1 for a member. A line feed is never one. */
export type ByteSet = Uint8Array;

/** What bytes decide between two places. */
export type ShapeLook = "lineStart" | "lineEnd" | "wordBoundary";

/** A shape of bytes. */
export type Shape =
  /** So many bytes of a set. */
  | { kind: "run"; set: ByteSet; count: number }
  /** Any number of bytes of a set. */
  | { kind: "star"; set: ByteSet }
  | { kind: "look"; look: ShapeLook }
  | { kind: "sequence"; parts: readonly Shape[] }
  /** One of them; of none, nothing. */
  | { kind: "choice"; parts: readonly Shape[] };

const LINE_FEED = 10;
const FIRST_HIGH = 0x80;
/** Longer runs are cut. A shift by more would be one over whole words. */
export const RUN_MAX = 64;
/** So many copies are made of what is repeated, unless it is a class. */
const COPIES_MAX = 3;

const LOOKS: Partial<Record<LookName, ShapeLook>> = {
  Start: "lineStart",
  StartLF: "lineStart",
  End: "lineEnd",
  EndLF: "lineEnd",
  WordAscii: "wordBoundary",
  WordUnicode: "wordBoundary",
  WordStartAscii: "wordBoundary",
  WordStartUnicode: "wordBoundary",
  WordEndAscii: "wordBoundary",
  WordEndUnicode: "wordBoundary",
};

const NOTHING: Shape = { kind: "sequence", parts: [] };

/** The second and later bytes of a character in UTF-8. */
const CONTINUATION: ByteSet = setOf((byte) => byte >= 0x80 && byte < 0xc0);

function setOf(has: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (byte !== LINE_FEED && has(byte) ? 1 : 0));
}

/** The bytes that members of a class may consist of. */
function setOfClass({ ranges, escapes, without }: Hir & { kind: "class" }): ByteSet {
  const set = new Uint8Array(256);
  for (const [low, high] of [...ranges, ...escapes.flatMap(classOfEscape)]) {
    set.fill(1, Math.min(low, FIRST_HIGH), Math.min(high + 1, FIRST_HIGH));
    if (high >= FIRST_HIGH) set.fill(1, FIRST_HIGH);
  }
  for (const code of [...without, LINE_FEED]) if (code < FIRST_HIGH) set[code] = 0;
  return set;
}

/** The shape of a pattern. */
export function shapeOf(hir: Hir): Shape {
  return trimmed(wholeShapeOf(hir));
}

function wholeShapeOf(hir: Hir): Shape {
  switch (hir.kind) {
    case "empty":
      return NOTHING;
    case "literal":
      return {
        kind: "sequence",
        parts: Array.from(hir.bytes, (one) => ({
          kind: "run",
          set: setOf((byte) => byte === one),
          count: 1,
        })),
      };
    case "class":
      return character(setOfClass(hir));
    case "look": {
      const look = LOOKS[hir.name];
      return look === undefined ? NOTHING : { kind: "look", look };
    }
    case "repetition":
      return hir.sub.kind === "class" ? repeatedClass(hir, setOfClass(hir.sub)) : repeated(hir);
    case "concat":
      return sequence(hir.subs.map(wholeShapeOf));
    case "alternation":
      return { kind: "choice", parts: hir.subs.map(wholeShapeOf) };
  }
}

/** One character of a class. */
function character(set: ByteSet): Shape {
  if (!set.includes(1)) return { kind: "choice", parts: [] };
  const one: Shape = { kind: "run", set, count: 1 };
  return set[FIRST_HIGH] === 0 ? one : sequence([one, { kind: "star", set: CONTINUATION }]);
}

function repeatedClass({ min, max }: Hir & { kind: "repetition" }, set: ByteSet): Shape {
  const many: Shape = { kind: "star", set };
  if (min === 0) return max === 1 ? { kind: "choice", parts: [character(set), NOTHING] } : many;
  // So many characters are at least so many bytes.
  const run: Shape = { kind: "run", set, count: Math.min(min, RUN_MAX) };
  if (max !== min || min > RUN_MAX) return sequence([run, many]);
  if (set[FIRST_HIGH] === 0) return run;
  if (min > COPIES_MAX) return sequence([run, many]);
  return sequence(Array.from({ length: min }, () => character(set)));
}

function repeated({ min, max, sub }: Hir & { kind: "repetition" }): Shape {
  const one = wholeShapeOf(sub);
  if (min === 0 && max === 1) return { kind: "choice", parts: [one, NOTHING] };
  const copies = Math.min(min, COPIES_MAX);
  const parts = Array.from({ length: copies }, () => one);
  if (max !== copies) {
    const set = new Uint8Array(256);
    addBytes(one, set);
    parts.push({ kind: "star", set });
  }
  return sequence(parts);
}

/** Adds the bytes of which matches of a shape consist. */
function addBytes(shape: Shape, set: ByteSet): void {
  if (shape.kind === "sequence" || shape.kind === "choice")
    for (const part of shape.parts) addBytes(part, set);
  else if (shape.kind !== "look") for (let byte = 0; byte < 256; byte++) set[byte]! |= shape.set[byte]!;
}

/** Sequences of sequences are one. */
function sequence(parts: readonly Shape[]): Shape {
  const flat = parts.flatMap((part) => (part.kind === "sequence" ? part.parts : [part]));
  return flat.length === 1 ? (flat[0] as Shape) : { kind: "sequence", parts: flat };
}

const isWithin = (inner: ByteSet, outer: ByteSet): boolean =>
  inner.every((member, byte) => member === 0 || outer[byte] === 1);

/** Without what may begin or end a match and may as well be missing: some place in a line matches as before. */
function trimmed(shape: Shape): Shape {
  if (shape.kind === "choice") return { kind: "choice", parts: shape.parts.map(trimmed) };
  if (shape.kind === "star") return NOTHING;
  if (shape.kind !== "sequence") return shape;
  const parts = [...shape.parts];
  while (parts.at(-1)?.kind === "star") parts.pop();
  for (;;) {
    const [first, second] = parts;
    if (first?.kind === "star") parts.shift();
    // The last bytes of such a run are in the set, too.
    else if (first?.kind === "run" && second?.kind === "star" && isWithin(second.set, first.set))
      parts.splice(1, 1);
    else break;
  }
  return sequence(parts);
}
