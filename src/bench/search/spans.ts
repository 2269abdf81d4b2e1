/**
 * Whether an engine found what ripgrep found, hit for hit. Answers have millions of hits, so of each file only the
 * number of its hits and a hash of them are kept: line, column, offset and length of each, in order.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { Corpus } from "../../search/index.ts";
import { EverwarpError } from "../../base/index.ts";
import type { HitSink } from "./ripgrep.ts";
import type { Columns } from "./targets.ts";

/** A hash of hits in order: two lanes of 32 bits. */
class SpanHash {
  low = 0;
  high = 0;

  clear(): void {
    this.low = this.high = 0;
  }

  add(line: number, column: number, offset: number, length: number): void {
    // Offsets may have more than 32 bits.
    const parts = Math.imul(line, 0x9e3779b1) ^ Math.imul(column, 0x85ebca77) ^ Math.trunc(offset / 2 ** 32);
    const more = Math.imul(offset | 0, 0xc2b2ae3d) ^ Math.imul(length + 1, 0x27d4eb2f);
    this.low = (Math.imul(this.low ^ parts, 0x01000193) + more) | 0;
    this.high = Math.imul(((this.high << 13) | (this.high >>> 19)) ^ more, 0x165667b1) ^ parts;
  }
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What ripgrep found in the files of a corpus. */
export class ExpectedSpans implements HitSink {
  /** Hits in all. */
  count = 0;
  readonly #corpus: Corpus;
  readonly #fileByPath: ReadonlyMap<string, number>;
  /** Per file of the corpus. */
  readonly #counts: Uint32Array;
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  readonly #hash = new SpanHash();
  #file = -1;

  /** @param fileByPath indexes into the corpus: `filesByPath` */
  constructor(corpus: Corpus, fileByPath: ReadonlyMap<string, number>) {
    this.#corpus = corpus;
    this.#fileByPath = fileByPath;
    this.#counts = new Uint32Array(corpus.fileCount);
    this.#low = new Int32Array(corpus.fileCount);
    this.#high = new Int32Array(corpus.fileCount);
  }

  file(path: string): void {
    const file = this.#fileByPath.get(path);
    if (file === undefined) throw wrong(`rg searches ${path}, which is not in the corpus`);
    this.#file = file;
    this.#hash.clear();
  }

  hit(line: number, column: number, offset: number, length: number): void {
    const file = this.#file;
    this.#hash.add(line, column, offset, length);
    this.#low[file] = this.#hash.low;
    this.#high[file] = this.#hash.high;
    this.#counts[file] = (this.#counts[file] as number) + 1;
    this.count++;
  }

  /**
   * Compares the answer of an engine.
   * @returns undefined where all hits are the same; else the first file that differs, and how
   */
  difference({ count, file, line, column, offset, length }: Columns): SpanDifference | undefined {
    for (const values of [file, line, column, offset, length])
      if (values.length !== count) throw wrong(`a column has ${values.length} entries for ${count} hits`);
    let at = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      const from = at;
      while (at < count && file[at] === index) at++;
      const expected = this.#counts[index] as number;
      if (at - from === expected && this.#hasSameHash(index, { line, column, offset, length }, from, at))
        continue;
      return { path: this.#corpus.files.path(index), expected, from, to: at };
    }
    if (at !== count) throw wrong(`hits are not sorted by file: hit ${at} of ${count}`);
    return undefined;
  }

  #hasSameHash(
    index: number,
    columns: Pick<Columns, "line" | "column" | "offset" | "length">,
    from: number,
    to: number,
  ): boolean {
    if (from === to || this.#isHash(index, columns, from, to, 0)) return true;
    // ripgrep counts bytes behind the mark, everwarp counts those of the file.
    return (
      beginsWithMark(this.#corpus.files.openPath(index)) &&
      this.#isHash(index, columns, from, to, BYTE_ORDER_MARK.length)
    );
  }

  #isHash(
    index: number,
    { line, column, offset, length }: Pick<Columns, "line" | "column" | "offset" | "length">,
    from: number,
    to: number,
    mark: number,
  ): boolean {
    const hash = this.#hash;
    hash.clear();
    for (let at = from; at < to; at++) {
      hash.add(line[at] as number, column[at] as number, (offset[at] as number) - mark, length[at] as number);
    }
    return hash.low === this.#low[index] && hash.high === this.#high[index];
  }
}

/** A file in which an engine and ripgrep did not find the same. */
export interface SpanDifference {
  readonly path: string;
  /** Hits of ripgrep. */
  readonly expected: number;
  /** The engine's hits in this file. */
  readonly from: number;
  readonly to: number;
}

/** The indexes of a corpus's files. */
export function filesByPath(corpus: Corpus): Map<string, number> {
  return new Map(Array.from({ length: corpus.fileCount }, (_, file) => [corpus.files.path(file), file]));
}

function beginsWithMark(path: string | Buffer): boolean {
  const descriptor = openSync(path, "r");
  try {
    const start = Buffer.alloc(BYTE_ORDER_MARK.length);
    return readSync(descriptor, start, 0, start.length, 0) === start.length && start.equals(BYTE_ORDER_MARK);
  } finally {
    closeSync(descriptor);
  }
}

/** An answer that is not ripgrep's. */
export function wrong(message: string): EverwarpError {
  return new EverwarpError("EW_BENCH_WRONG_RESULT", message);
}
