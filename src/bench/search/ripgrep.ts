/** What ripgrep is asked, and every hit of its answer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { EverwarpError } from "../../base/index.ts";
import type { Query } from "../corpora/index.ts";

/** The arguments of a search with ripgrep, or with `everwarp search`. @param format flags of the output */
export function ripgrepArguments(query: Query, tree: string, format: readonly string[]): string[] {
  const { pattern, ignoreCase, isRegex = false, isWord = false, isLine = false } = query;
  const patterns = typeof pattern === "string" ? [pattern] : pattern;
  return [
    "--no-config",
    ...format,
    ...(ignoreCase ? ["--ignore-case"] : []),
    ...(isRegex ? [] : ["--fixed-strings"]),
    ...(isWord ? ["--word-regexp"] : []),
    ...(isLine ? ["--line-regexp"] : []),
    ...patterns.flatMap((each) => ["--regexp", each]),
    tree,
  ];
}

/** Takes the hits of ripgrep's answer: those of a file one after the other, by offset. */
export interface HitSink {
  file(path: string): void;
  hit(line: number, column: number, offset: number, length: number): void;
}

/**
 * The output of `--only-matching` that says all of a hit, and that is read without knowing what a file has in it:
 *
 *     PATH NUL LINE:COLUMN:OFFSET:TEXT LF  LINE:COLUMN:OFFSET:TEXT LF … LF  PATH NUL …
 *
 * An empty hit has an empty text. No text has a line feed, as no hit is longer than a line.
 */
const ALL_HITS = [
  "--only-matching",
  "--line-number",
  "--column",
  "--byte-offset",
  "--heading",
  "--with-filename",
  "--null",
  "--color=never",
];

/**
 * Runs ripgrep, and gives each hit of its answer.
 * @param flags more flags
 * @throws EW_BENCH_WRONG_RESULT where it fails
 */
export async function ripgrepHits(
  ripgrep: string,
  query: Query,
  tree: string,
  sink: HitSink,
  signal: AbortSignal,
  flags: readonly string[] = [],
): Promise<void> {
  const child = spawn(ripgrep, ripgrepArguments(query, tree, [...ALL_HITS, ...flags]), {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const ended = once(child, "close") as Promise<[code: number | null]>;
  ended.catch(() => undefined); // told below, after the output
  const reader = new HitReader(sink);
  for await (const chunk of child.stdout) reader.read(chunk as Buffer);
  const [code] = await ended;
  if (code !== null && code <= 1) return;
  throw new EverwarpError(
    "EW_BENCH_WRONG_RESULT",
    `${ripgrep} ended with ${code ?? "a signal"}: ${complaint}`,
  );
}

const LINE_FEED = 10;
const COLON = 0x3a;
const ZERO = 0x30;

/** Where in the output a reader is. Numbers 0, 1 and 2 are the fields before the text. */
const TEXT = 3;
const PATH = 4;
/** A message of ripgrep: "PATH: WARNING: stopped searching binary file …". */
const MESSAGE = 5;

/** Reads the output of ripgrep, piece by piece. */
export class HitReader {
  readonly #sink: HitSink;
  #state = PATH;
  #number = 0;
  #digits = 0;
  readonly #fields = [0, 0, 0];
  #length = 0;
  #path: Buffer[] = [];

  constructor(sink: HitSink) {
    this.#sink = sink;
  }

  /** Reads the next piece. */
  read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#state === PATH) at = this.#readPath(bytes, at);
      else if (this.#state === TEXT) at = this.#readText(bytes, at);
      else if (this.#state === MESSAGE) at = this.#skipMessage(bytes, at);
      else at = this.#readNumber(bytes, at);
    }
  }

  #readPath(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(0, from);
    this.#path.push(Buffer.from(bytes.subarray(from, end === -1 ? bytes.length : end)));
    if (end === -1) return bytes.length;
    this.#sink.file(Buffer.concat(this.#path).toString("utf8"));
    this.#path = [];
    this.#beginLine();
    return end + 1;
  }

  #readNumber(bytes: Buffer, from: number): number {
    let number = this.#number;
    let at = from;
    for (; at < bytes.length; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    this.#digits += at - from;
    this.#number = number;
    if (at === bytes.length) return at;
    if (bytes[at] === COLON && this.#digits > 0) {
      this.#fields[this.#state] = number;
      this.#state++;
      this.#number = this.#digits = this.#length = 0;
      return at + 1;
    }
    // A line without any number is the empty one between two files.
    const isGap = bytes[at] === LINE_FEED && this.#state === 0 && this.#digits === 0;
    this.#state = isGap ? PATH : MESSAGE;
    return isGap ? at + 1 : at;
  }

  #readText(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length && bytes[at] !== LINE_FEED) at++;
    this.#length += at - from;
    if (at === bytes.length) return at;
    const [line, column, offset] = this.#fields as [number, number, number];
    this.#sink.hit(line, column, offset, this.#length);
    this.#beginLine();
    return at + 1;
  }

  #skipMessage(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(LINE_FEED, from);
    if (end === -1) return bytes.length;
    this.#beginLine();
    return end + 1;
  }

  #beginLine(): void {
    this.#state = this.#number = this.#digits = 0;
  }
}
