/**
 * The borders inside `search`: what the walk, the matcher, the engines and the printer say to each other. Types only.
 *
 *   walk ──FoundFile──▶ corpus ──▶ backend (host | gpu) ──HitList──▶ engine ──▶ searcher ──▶ printer
 *                                     ▲                                           ▲
 *                        matcher ──Plan (literals, an automaton)       matcher (exact, line by line)
 */

/** A file that the walk found or the user named. */
export interface FoundFile {
  /**
   * As printed and opened: the path the user typed, then "/" and the rest. Lossy (U+FFFD) where the name is not
   * UTF-8.
   */
  path: string;
  /** The path's true bytes; only where `path` is lossy. Open the file by these. */
  pathBytes?: Buffer;
  /** Named by the user itself, so it is searched whatever ignore rules and binary detection say. */
  explicit: boolean;
}

/** A run of bytes to look for. */
export interface Literal {
  /** At least one byte, never a line feed. Where `ignoreAsciiCase` is set, its ASCII letters are lower case. */
  bytes: Uint8Array;
  /** A–Z and a–z match each other; every other byte only itself. */
  ignoreAsciiCase: boolean;
}

/** One automaton. */
export interface StateTable {
  /** States 0 to stateCount − 1. The first two are DEAD and QUIT. */
  readonly stateCount: number;
  /** States from this one on tell of a match. */
  readonly firstMatchState: number;
  /** The first state, by the `CONTEXT` of the place where the search begins: what lies on its other side. */
  readonly startStates: readonly [edge: number, word: number, other: number, high: number];
  /** The next state: entry `state * classCount + class`. */
  readonly next: Uint16Array;
}

/** Two tables that find the matches of one pattern. Made by `compileAutomaton`; how they are read is told there. */
export interface LineAutomaton {
  /** Class of each byte, 256 entries. The class of the line feed is `edgeClass`. */
  readonly byteClass: Uint8Array;
  readonly classCount: number;
  /** Class of the end of a line, whatever ends it: the last class. */
  readonly edgeClass: number;
  /** Bytes below 0x80 have the classes 0 to asciiClassCount − 1, or `edgeClass`. */
  readonly asciiClassCount: number;
  readonly forward: StateTable;
  readonly reverse: StateTable;
  /** Some match may be empty. */
  readonly canBeEmpty: boolean;
}

/** One operation of a `ByteFilter`. It gives a stream: one bit for each place of a text. Operands are earlier steps. */
export type FilterStep =
  /** Places whose byte is in a set: index into `sets`. */
  | { readonly kind: "set"; readonly set: number }
  | { readonly kind: "and" | "or" | "xor"; readonly left: number; readonly right: number }
  /** Every bit moves so many places on, 1 to 63; `first` comes in at the text's start. */
  | { readonly kind: "advance"; readonly of: number; readonly by: number; readonly first: 0 | 1 }
  /** Each bit of a stream, and all places behind it that only bytes of a stream of a set lie before. */
  | { readonly kind: "star"; readonly of: number; readonly set: number };

/**
 * Finds lines that may match: every line with a match has a place in the result, the place of its line feed included.
 * Made by `compileFilter`.
 */
export interface ByteFilter {
  /** Sets of bytes: 256 entries each, 1 for a member. */
  readonly sets: readonly Uint8Array[];
  readonly steps: readonly FilterStep[];
  /** The step that tells. */
  readonly result: number;
  /** It asks where lines begin; it does not know that one begins behind a byte order mark. */
  readonly seesLineStart: boolean;
}

/** One step of a `PlaneProgram`. Operands are numbers of streams. */
export type PlaneStep =
  | { readonly kind: "and" | "or" | "xor" | "without"; readonly left: number; readonly right: number }
  | { readonly kind: "not"; readonly of: number }
  /** Where a bit of `by` is set, the bit of `yes`, else that of `no`. */
  | { readonly kind: "choose"; readonly by: number; readonly yes: number; readonly no: number }
  /** Every bit moves so many places on, 1 to 31; `first` comes in at the first place of a text. */
  | { readonly kind: "advance"; readonly of: number; readonly by: number; readonly first: 0 | 1 }
  /**
   * Each bit, and all places behind it that only bits of `set` lie before. `isRare`: `of` and `set` seldom share a bit,
   * so a kernel does well to look before it adds.
   */
  | { readonly kind: "star"; readonly of: number; readonly set: number; readonly isRare: boolean };

/**
 * A program over bit planes: it finds the lines of a text that match a pattern. Made by `compilePlanes`.
 *
 * Plane k has one bit for each byte of the text: its bit k. A stream has one bit for each byte, too. Streams 0 to 7 are
 * the planes, and stream 8 + n is what step n makes of earlier streams. This is the method of Parabix (R. Cameron and
 * others, "Bitwise Data Parallelism in Regular Expression Matching", 2014).
 */
export interface PlaneProgram {
  readonly steps: readonly PlaneStep[];
  /** The stream of line feeds. */
  readonly feeds: number;
  /** The line feeds that end a line with a match. */
  readonly lines: number;
  /**
   * Those of `lines` that may have no match after all: these lines have bytes beyond ASCII, and must be verified.
   * Undefined where there are none.
   */
  readonly doubts: number | undefined;
  /** It asks where lines begin; it does not know that one begins behind a byte order mark. */
  readonly seesLineStart: boolean;
}

/** What a matcher knows to look for in the place of its pattern. */
export type MatcherPlan =
  /**
   * Every match is an occurrence of a literal and every occurrence is a match (leftmost, then the earlier literal,
   * without overlap). `foldExceptions`: in a file that has one of these byte runs (U+017F and U+212A fold to ASCII
   * letters) that is not so: search it whole.
   */
  | { kind: "literals"; literals: Literal[]; foldExceptions: Uint8Array[] }
  /** Every line that matches has one of the literals; each such line must be verified. `foldExceptions` as above. */
  | { kind: "filter"; literals: Literal[]; foldExceptions: Uint8Array[] }
  /** No literal is required: every line must be looked at on the host. */
  | { kind: "whole" }
  /** Can match nothing. */
  | { kind: "nothing" };

/** What a backend may look for in the place of a pattern. */
export type Plan =
  | MatcherPlan
  /**
   * The matches of each line are what the automaton finds. It may leave lines undecided: each such line must be
   * verified. `required`: every match contains one of these literals; empty where nothing is known. A backend may use
   * them, or `filter`, to pass over lines.
   */
  | { kind: "automaton"; automaton: LineAutomaton; required: Literal[]; filter?: ByteFilter | undefined }
  /** Every line that matches is one for which the program tells; each such line must be verified. */
  | { kind: "lines"; program: PlaneProgram };

/**
 * Decides exactly, in ripgrep's dialect, which parts of a line match. A line is given without its terminator.
 * Not reentrant: `matchStart` and `matchEnd` hold the last match found.
 */
export interface Matcher {
  readonly plan: MatcherPlan;
  /** A match may have several lines: `findInLine` is then asked about whole texts. */
  readonly acrossLines?: boolean;
  /** Printers show it what lies before the line, as ripgrep does: its assertions see it. */
  readonly seesBefore?: boolean;
  /** It asks for the ends of the text (`\A`, `\z`): ripgrep then searches each line by itself. */
  readonly seesTextEnds?: boolean;
  /** The capture groups, where the matcher finds them. */
  readonly groups?: MatchGroups;
  /** True where `findCandidate` only ever points into lines that match. */
  readonly candidatesAreExact: boolean;
  /**
   * Leftmost match in bytes[lineStart, lineEnd) that starts at or after `from`; look-around sees the whole line. Sets
   * matchStart, matchEnd.
   */
  findInLine(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean;
  matchStart: number;
  matchEnd: number;
  /**
   * Offset in [from, end) inside the next line that may match, or −1: lines wholly before it certainly do not match.
   * `from` is at a line's start.
   */
  findCandidate(bytes: Uint8Array, from: number, end: number): number;
}

/** The capture groups of a matcher's pattern. */
export interface MatchGroups {
  /** The number of a group that has a name. */
  indexOf(name: string): number | undefined;
  /**
   * Start and end of each group of the match that the matcher found last, −1 for a group without a part in it. Group 0
   * is the match. The matcher was asked about the line or text bytes[start, end).
   */
  find(bytes: Uint8Array, start: number, end: number): Int32Array;
}

/** Finds literals in memory, fast. Made by `createLiteralScanner`. */
export interface LiteralScanner {
  /** Offset of the first occurrence of any literal that lies wholly in bytes[from, end), or −1. */
  find(bytes: Uint8Array, from: number, end: number): number;
}

/** Hits of one query in one corpus, sorted by file, then offset. All arrays have `count` entries. */
export interface HitList {
  readonly count: number;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Line number in the file, from 1. */
  readonly line: Uint32Array;
  /** Byte column in the line, from 1, as ripgrep's --column. */
  readonly column: Uint32Array;
  /** Byte offset in the file, from 0. */
  readonly offset: Float64Array;
  /** Length of the match in bytes. */
  readonly length: Uint32Array;
}
