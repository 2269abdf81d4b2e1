/** --replace: replaces each match by a text. */
import { EverwarpError } from "../../../base/index.ts";
import type { Matcher } from "../../contracts.ts";
import { textEnd } from "../../content/index.ts";
import { type Line, MatchList } from "../../searcher/index.ts";
import { ByteWriter } from "./byte-writer.ts";

/** A part of a replacement: text, or the number or name of a group. */
export type ReplacementPiece = { text: string } | { group: string };

/** `$1`, `$name` and `${name}` are groups, `$$` is a dollar sign. Any other `$` is itself. */
export function parseReplacement(replacement: string): ReplacementPiece[] {
  const pieces: ReplacementPiece[] = [];
  let from = 0;
  for (const match of replacement.matchAll(/\$(?:\$|\{([^}]*)\}|([0-9A-Za-z_]+))/g)) {
    if (match.index > from) pieces.push({ text: replacement.slice(from, match.index) });
    const group = match[1] ?? match[2];
    pieces.push(group === undefined ? { text: "$" } : { group });
    from = match.index + match[0].length;
  }
  if (from < replacement.length) pieces.push({ text: replacement.slice(from) });
  return pieces;
}

/** The groups that a replacement names, without the whole match. */
export function namedGroups(replacement: string): string[] {
  return parseReplacement(replacement).flatMap((piece) =>
    "group" in piece && !/^0+$/.test(piece.group) ? [piece.group] : [],
  );
}

/** Replaces the matches of one line after another. */
export class Replacer {
  /** Places of the replacements in `bytes`. */
  readonly matches = new MatchList();
  private readonly pieces: (Buffer | "match")[];
  private readonly matcher: Matcher;
  private readonly output = new ByteWriter(1024);
  private readonly found = new MatchList();

  /** Every group but the whole match is empty. The caller has checked that the pattern has no such group. */
  constructor(replacement: string, matcher: Matcher) {
    this.matcher = matcher;
    this.pieces = parseReplacement(replacement).map((piece) => {
      if ("text" in piece) return Buffer.from(piece.text);
      return /^0+$/.test(piece.group) ? "match" : Buffer.alloc(0);
    });
  }

  get bytes(): Buffer {
    return this.output.bytes;
  }

  get length(): number {
    return this.output.length;
  }

  /** Replaces all matches of a line. @returns false if there is none */
  replace(line: Line, terminator: number, crlf: boolean): boolean {
    const { found, matches, output } = this;
    found.fill(this.matcher, line, terminator, crlf);
    matches.clear();
    output.clear();
    if (found.count === 0) return false;
    let at = line.start;
    for (let index = 0; index < found.count; index++) {
      const start = line.start + found.start(index);
      const end = line.start + found.end(index);
      output.writeRange(line.bytes, at, start);
      const from = output.length;
      for (const piece of this.pieces) {
        if (piece === "match") output.writeRange(line.bytes, start, end);
        else output.write(piece);
      }
      matches.add(from, output.length);
      at = end;
    }
    output.writeRange(line.bytes, at, textEnd(line.bytes, line.start, line.end, terminator, crlf));
    output.writeRange(line.bytes, textEnd(line.bytes, line.start, line.end, terminator, crlf), line.end);
    return true;
  }

  /** Replacement i as bytes. */
  replacement(index: number): Buffer {
    return this.output.bytes.subarray(this.matches.start(index), this.matches.end(index));
  }
}

/** Checks a replacement. @throws EW_BAD_FLAG_VALUE if it names a group and the pattern may have groups */
export function checkReplacement(
  replacement: string,
  patterns: readonly string[],
  fixedStrings: boolean,
): void {
  const groups = namedGroups(replacement);
  if (groups.length === 0 || fixedStrings || !patterns.some((pattern) => pattern.includes("("))) return;
  throw new EverwarpError(
    "EW_BAD_FLAG_VALUE",
    `the replacement names the group "${groups[0]}", which is not supported`,
    {
      remedy: "Use $0 for the whole match.",
    },
  );
}
