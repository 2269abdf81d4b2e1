/** The host engine's answers, put together from what its threads found. */
import { NO_LINES, hitLengths, type HitPlaces, type RawHits } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import type { Placement } from "../corpus/index.ts";
import { LineLocator } from "./line-locator.ts";
import { BLOCK_WORDS, LOCATED_HIT_WORDS, type ThreadAnswer } from "./query-queue.ts";
import type { ScanKernel } from "../scanner/index.ts";

/** Hits in the order of files and offsets: blocks are sorted by unit, and units are sorted by file. */
export class HostHits implements RawHits {
  readonly undecided = NO_LINES;
  readonly count: number;
  readonly truncated: boolean;
  readonly file: Uint32Array;
  readonly offset: Uint32Array;
  readonly literal: Uint32Array;
  readonly #placement: Placement;
  readonly #kernels: () => readonly ScanKernel[];
  readonly #literals: readonly Literal[];
  #places: HitPlaces | undefined;
  #length: Uint32Array | undefined;
  /** Lines and columns as the threads told them; 0 where they did not know. */
  readonly #told: HitPlaces | undefined;

  /**
   * @param literals what was searched for
   * @param kernels gives one per segment, of the calling thread; throws when the corpus is gone
   */
  constructor(
    answers: readonly ThreadAnswer[],
    literals: readonly Literal[],
    placement: Placement,
    kernels: () => readonly ScanKernel[],
    truncated: boolean,
  ) {
    this.#literals = literals;
    this.#placement = placement;
    this.#kernels = kernels;
    this.truncated = truncated;
    this.count = answers.reduce((sum, { hits, hitWords }) => sum + hits.length / hitWords, 0);
    this.file = new Uint32Array(this.count);
    this.offset = new Uint32Array(this.count);
    this.literal = new Uint32Array(this.count);
    const hitWords = answers[0]?.hitWords ?? LOCATED_HIT_WORDS;
    const isLocated = hitWords === LOCATED_HIT_WORDS;
    if (isLocated) this.#told = { line: new Uint32Array(this.count), column: new Uint32Array(this.count) };
    const blocks: { unit: number; hits: Uint32Array; from: number; count: number }[] = [];
    for (const { blocks: words, hits } of answers) {
      for (let at = 0, from = 0; at < words.length; at += BLOCK_WORDS) {
        const count = words[at + 1]!;
        blocks.push({ unit: words[at]!, hits, from, count });
        from += hitWords * count;
      }
    }
    blocks.sort((a, b) => a.unit - b.unit);
    let write = 0;
    for (const { hits, from, count } of blocks) {
      for (let read = from, end = from + hitWords * count; read < end; read += hitWords) {
        this.file[write] = hits[read]!;
        this.offset[write] = hits[read + 1]!;
        this.literal[write] = hits[read + 2]!;
        if (this.#told) {
          this.#told.line[write] = hits[read + 3]!;
          this.#told.column[write] = hits[read + 4]!;
        }
        write++;
      }
    }
  }

  get length(): Uint32Array {
    return (this.#length ??= hitLengths(this.literal, this.#literals));
  }

  locate(): HitPlaces {
    this.#places ??= this.#locate();
    return this.#places;
  }

  /** One pass over the files that have hits, but for those whose threads knew. */
  #locate(): HitPlaces {
    if (this.#told && !this.#told.line.includes(0)) return this.#told;
    const line = new Uint32Array(this.count);
    const column = new Uint32Array(this.count);
    const { segment, start } = this.#placement;
    const kernels = this.#kernels();
    const locator = new LineLocator();
    let current = -1;
    let kernel!: ScanKernel;
    for (let index = 0; index < this.count; index++) {
      const file = this.file[index]!;
      if (file !== current) {
        current = file;
        kernel = kernels[segment[file]!]!;
        locator.begin(start[file]!);
      }
      locator.locate(kernel, start[file]! + this.offset[index]!);
      line[index] = locator.line;
      column[index] = locator.column;
    }
    return { line, column };
  }
}
