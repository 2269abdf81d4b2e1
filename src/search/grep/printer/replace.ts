/** --replace: replaces each match by a text, in which `$1` and `$name` are what groups captured. */
import type { MatchGroups, Matcher } from "../../contracts.ts";
import { type Line, MatchList, searchedEnd, searchedStart } from "../../searcher/index.ts";
import { ByteWriter } from "./byte-writer.ts";

/** A part of a replacement: text, or the number or name of a group. */
export type ReplacementPiece = { text: string } | { group: string };

/** `$1`, `$name` and `${name}` are groups, `$$` is a dollar sign. Any other `$` is itself. */
export function parseReplacement(replacement: string): ReplacementPiece[] {
  const pieces: ReplacementPiece[] = [];
  let from = 0;
  for (const match of replacement.matchAll(/\$(?:\$|\{([0-9A-Za-z_]+)\}|([0-9A-Za-z_]+))/g)) {
    if (match.index > from) pieces.push({ text: replacement.slice(from, match.index) });
    const group = match[1] ?? match[2];
    pieces.push(group === undefined ? { text: "$" } : { group });
    from = match.index + match[0].length;
  }
  if (from < replacement.length) pieces.push({ text: replacement.slice(from) });
  return pieces;
}

const WHOLE_MATCH = /^0+$/;

/** Does the replacement name a group, and not just the whole match? */
export const namesGroup = (replacement: string): boolean =>
  parseReplacement(replacement).some((piece) => "group" in piece && !WHOLE_MATCH.test(piece.group));

const LARGEST_NUMBER = 0xffff_ffff;

/** The number of a group; undefined for one that the pattern does not have. */
function groupIndex(group: string, groups: MatchGroups | undefined): number | undefined {
  if (WHOLE_MATCH.test(group)) return 0;
  const isNumber = /^[0-9]+$/.test(group) && Number(group) <= LARGEST_NUMBER;
  return isNumber ? Number(group) : groups?.indexOf(group);
}

/** Replaces the matches of one line after another. */
export class Replacer {
  /** Places of the replacements in `bytes`. */
  readonly matches = new MatchList();
  /** Text, or the number of a group. */
  private readonly pieces: (Buffer | number)[];
  private readonly groups: MatchGroups | undefined;
  private readonly matcher: Matcher;
  private readonly output = new ByteWriter(1024);

  /** @param matcher has groups, if the replacement names one and the pattern may have it */
  constructor(replacement: string, matcher: Matcher) {
    this.matcher = matcher;
    this.groups = namesGroup(replacement) ? matcher.groups : undefined;
    this.pieces = parseReplacement(replacement).map((piece) =>
      "text" in piece ? Buffer.from(piece.text) : (groupIndex(piece.group, this.groups) ?? Buffer.alloc(0)),
    );
  }

  get bytes(): Buffer {
    return this.output.bytes;
  }

  get length(): number {
    return this.output.length;
  }

  /** Replaces all matches of a line. @returns false if there is none */
  replace(line: Line, terminator: number, crlf: boolean): boolean {
    const { matcher, matches, output } = this;
    matches.clear();
    output.clear();
    const { bytes } = line;
    const start = searchedStart(matcher, line);
    const end = searchedEnd(matcher, line, terminator, crlf);
    let at = line.start;
    let lastEnd = -1;
    for (let from = line.start; from <= end && matcher.findInLine(bytes, start, end, from);) {
      const { matchStart, matchEnd } = matcher;
      const isEmpty = matchStart === matchEnd;
      from = isEmpty ? matchEnd + 1 : matchEnd;
      if (matchStart >= line.end) break;
      if (isEmpty && matchEnd === lastEnd) continue;
      lastEnd = matchEnd;
      output.writeRange(bytes, at, matchStart);
      const begin = output.length;
      this.writePieces(bytes, start, end);
      matches.add(begin, output.length);
      at = matchEnd;
    }
    if (matches.count === 0) return false;
    // A match that reaches behind its lines takes what was looked at with it, as in ripgrep.
    output.writeRange(bytes, at, at > line.end ? end : line.end);
    return true;
  }

  private writePieces(bytes: Buffer, start: number, end: number): void {
    const { matchStart, matchEnd } = this.matcher;
    const slots = this.groups?.find(bytes, start, end) ?? [matchStart, matchEnd];
    for (const piece of this.pieces) {
      if (typeof piece !== "number") this.output.write(piece);
      else if ((slots[piece * 2] ?? -1) >= 0)
        this.output.writeRange(bytes, slots[piece * 2] as number, slots[piece * 2 + 1] as number);
    }
  }

  /** Replacement i as bytes. */
  replacement(index: number): Buffer {
    return this.output.bytes.subarray(this.matches.start(index), this.matches.end(index));
  }
}
