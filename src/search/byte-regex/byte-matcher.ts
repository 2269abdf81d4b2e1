/** The matcher that asks the engine of this folder. */
import type { LiteralScanner, Matcher, MatchGroups } from "../contracts.ts";
import type { ByteRegex } from "./byte-regex.ts";

/** What a matcher is made from. */
export interface ByteMatcherParts {
  readonly regex: ByteRegex;
  /** For many lines: `\A` and `\z` are the ends of each. */
  readonly lineRegex: () => ByteRegex;
  readonly acrossLines: boolean;
  /** Many lines are searched at once with the pattern as it is, and what is found counts: as ripgrep does with -U. */
  readonly candidatesAreExact: boolean;
  readonly seesTextEnds: boolean;
  /** Each line must be searched by itself: its end is not where a text of many lines has it. */
  readonly everyLineMayMatch: boolean;
  /** Ends lines. */
  readonly terminator: number;
  readonly groupNames: ReadonlyMap<string, number>;
  /** Finds what every match contains, if that is known. */
  readonly scanner: LiteralScanner | undefined;
}

/** Matches lines, or texts of many lines. */
export class ByteMatcher implements Matcher {
  /** What is searched here is not searched by a backend. */
  readonly plan = { kind: "whole" } as const;
  readonly seesBefore = true;
  readonly candidatesAreExact: boolean;
  readonly seesTextEnds: boolean;
  readonly acrossLines: boolean;
  readonly groups: MatchGroups;
  readonly #parts: ByteMatcherParts;
  #lineRegex: ByteRegex | undefined;
  /** Where the scanner has found something, in which memory, and up to where it was looked for. */
  readonly #seen = { bytes: new Uint8Array(0) as Uint8Array, from: 0, end: 0, at: -1 };

  constructor(parts: ByteMatcherParts) {
    this.#parts = parts;
    this.acrossLines = parts.acrossLines;
    this.candidatesAreExact = parts.candidatesAreExact;
    this.seesTextEnds = parts.seesTextEnds;
    this.groups = {
      indexOf: (name) => parts.groupNames.get(name),
      find: (bytes, start, end) => parts.regex.groups(bytes, start, end),
    };
  }

  get matchStart(): number {
    return this.#parts.regex.matchStart;
  }

  get matchEnd(): number {
    return this.#parts.regex.matchEnd;
  }

  findInLine(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    if (this.acrossLines && !this.#mayMatch(bytes, from, lineEnd)) return false;
    return this.#parts.regex.find(bytes, lineStart, lineEnd, from);
  }

  findCandidate(bytes: Uint8Array, from: number, end: number): number {
    const { scanner, regex, lineRegex, terminator, everyLineMayMatch } = this.#parts;
    if (from >= end) return -1;
    if (everyLineMayMatch) return from;
    if (this.candidatesAreExact) {
      const found = regex.findAny(bytes, from, end);
      if (found === end) return bytes[end - 1] === terminator ? -1 : end - 1;
      return found;
    }
    if (scanner !== undefined) return scanner.find(bytes, from, end);
    this.#lineRegex ??= lineRegex();
    const found = this.#lineRegex.findAny(bytes, from, end);
    return found < 0 ? -1 : Math.min(found, end - 1);
  }

  /** Does bytes[from, end) have what every match contains? Answers of one scan are kept for the next question. */
  #mayMatch(bytes: Uint8Array, from: number, end: number): boolean {
    const { scanner } = this.#parts;
    if (scanner === undefined) return true;
    const seen = this.#seen;
    const isKnown = seen.bytes === bytes && seen.from <= from && from <= seen.at && seen.at < end;
    if (isKnown) return true;
    const at = scanner.find(bytes, from, end);
    Object.assign(seen, { bytes, from, end, at });
    return at >= 0;
  }
}
