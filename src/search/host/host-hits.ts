/** The host engine's answers, put together from what its threads found. */
import type { HitPlaces, RawHits } from "../backend.ts";
import type { Placement } from "../corpus/placement.ts";
import { BLOCK_WORDS, HIT_WORDS, type ThreadAnswer } from "./query-queue.ts";
import { NOT_FOUND, type ScanKernel } from "./scan-kernel.ts";

const LINE_FEED = 10;

/** Hits in the order of files and offsets: blocks are sorted by unit, and units are sorted by file. */
export class HostHits implements RawHits {
  readonly count: number;
  readonly truncated: boolean;
  readonly file: Uint32Array;
  readonly offset: Uint32Array;
  readonly literal: Uint32Array;
  readonly #placement: Placement;
  readonly #kernels: () => readonly ScanKernel[];
  #places: HitPlaces | undefined;

  /** @param kernels gives one per segment, of the calling thread; throws when the corpus is gone */
  constructor(
    answers: readonly ThreadAnswer[],
    placement: Placement,
    kernels: () => readonly ScanKernel[],
    truncated: boolean,
  ) {
    this.#placement = placement;
    this.#kernels = kernels;
    this.truncated = truncated;
    this.count = answers.reduce((sum, { hits }) => sum + hits.length / HIT_WORDS, 0);
    this.file = new Uint32Array(this.count);
    this.offset = new Uint32Array(this.count);
    this.literal = new Uint32Array(this.count);
    const blocks: { unit: number; hits: Uint32Array; from: number; count: number }[] = [];
    for (const { blocks: words, hits } of answers) {
      for (let at = 0, from = 0; at < words.length; at += BLOCK_WORDS) {
        const count = words[at + 1]!;
        blocks.push({ unit: words[at]!, hits, from, count });
        from += HIT_WORDS * count;
      }
    }
    blocks.sort((a, b) => a.unit - b.unit);
    let write = 0;
    for (const { hits, from, count } of blocks) {
      for (let read = from, end = from + HIT_WORDS * count; read < end; read += HIT_WORDS) {
        this.file[write] = hits[read]!;
        this.offset[write] = hits[read + 1]!;
        this.literal[write] = hits[read + 2]!;
        write++;
      }
    }
  }

  locate(): HitPlaces {
    this.#places ??= this.#locate();
    return this.#places;
  }

  /** One pass over the files that have hits: line feeds are counted from one hit to the next. */
  #locate(): HitPlaces {
    const line = new Uint32Array(this.count);
    const column = new Uint32Array(this.count);
    const { segment, start } = this.#placement;
    const kernels = this.#kernels();
    let current = -1;
    let kernel!: ScanKernel;
    let fileStart = 0;
    let lineNumber = 1;
    let lineStart = 0;
    let seen = 0;
    for (let index = 0; index < this.count; index++) {
      const file = this.file[index]!;
      if (file !== current) {
        current = file;
        kernel = kernels[segment[file]!]!;
        fileStart = start[file]!;
        lineNumber = 1;
        lineStart = fileStart;
        seen = fileStart;
      }
      const position = fileStart + this.offset[index]!;
      const feeds = kernel.countByte(LINE_FEED, seen, position);
      if (feeds > 0) {
        lineNumber += feeds;
        const last = kernel.findLastByte(LINE_FEED, seen, position);
        if (last !== NOT_FOUND) lineStart = last + 1;
      }
      seen = position;
      line[index] = lineNumber;
      column[index] = position - lineStart + 1;
    }
    return { line, column };
  }
}
