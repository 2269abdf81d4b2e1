/** The host engine's answers, put together from what its threads found. */
import { NO_LINES, hitLengths, type HitPlaces, type RawHits, type UndecidedLines } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import { FILE_FLAGS, type Placement } from "../corpus/index.ts";
import type { ScanKernel } from "../scanner/index.ts";
import { copyRun } from "./columns.ts";
import { BLOCK_WORDS, LOCATED_HIT_COLUMNS, type ThreadAnswer } from "./found.ts";
import { LineLocator } from "./line-locator.ts";

const MARK_BYTES = 3;

/** What was asked of the threads. */
export interface HostQuestion {
  /** `match`: the third column of the hits is their length. Otherwise it is their literal, of these. */
  readonly operation: "scan" | "match";
  readonly literals: readonly Literal[];
  readonly placement: Placement;
  /** One per segment, of the calling thread; throws when the corpus is gone. */
  readonly kernels: () => readonly ScanKernel[];
}

/** A run of rows of one answer. */
interface Run {
  readonly answer: ThreadAnswer;
  readonly from: number;
  readonly count: number;
}

/**
 * Hits in the order of files and offsets: blocks are sorted by unit, and units are sorted by file. A column is put
 * together when it is first asked for.
 */
export class HostHits implements RawHits {
  readonly count: number;
  readonly truncated: boolean;
  readonly undecided: UndecidedLines;
  readonly #question: HostQuestion;
  readonly #runs: readonly Run[];
  readonly #isLocated: boolean;
  #file: Uint32Array | undefined;
  #offset: Uint32Array | undefined;
  #literal: Uint32Array | undefined;
  #length: Uint32Array | undefined;
  #places: HitPlaces | undefined;

  constructor(answers: readonly ThreadAnswer[], question: HostQuestion, truncated: boolean) {
    this.#question = question;
    this.truncated = truncated;
    const blocks: { unit: number; hits: Run; undecided: Run }[] = [];
    for (const answer of answers) {
      const words = answer.blocks;
      let hitsFrom = 0;
      let undecidedFrom = 0;
      for (let at = 0; at < words.length; at += BLOCK_WORDS) {
        const hits = { answer, from: hitsFrom, count: words[at + 1]! };
        const undecided = { answer, from: undecidedFrom, count: words[at + 2]! };
        blocks.push({ unit: words[at]!, hits, undecided });
        hitsFrom += hits.count;
        undecidedFrom += undecided.count;
      }
    }
    blocks.sort((a, b) => a.unit - b.unit);
    this.#runs = blocks.map(({ hits }) => hits);
    this.#isLocated = (answers[0]?.hits.length ?? LOCATED_HIT_COLUMNS) === LOCATED_HIT_COLUMNS;
    this.count = countOf(this.#runs);
    this.undecided = undecidedLines(blocks.map(({ undecided }) => undecided));
  }

  get file(): Uint32Array {
    return (this.#file ??= this.#column(0));
  }

  get offset(): Uint32Array {
    return (this.#offset ??= this.#column(1));
  }

  get literal(): Uint32Array {
    const isScan = this.#question.operation === "scan";
    return (this.#literal ??= isScan ? this.#column(2) : new Uint32Array(this.count));
  }

  get length(): Uint32Array {
    const { operation, literals } = this.#question;
    return (this.#length ??= operation === "scan" ? hitLengths(this.literal, literals) : this.#column(2));
  }

  locate(): HitPlaces {
    this.#places ??= this.#isLocated ? { line: this.#column(3), column: this.#column(4) } : this.#locate();
    return this.#places;
  }

  #column(index: number): Uint32Array {
    return gather(this.#runs, this.count, ({ hits }) => hits[index]!);
  }

  /** One pass over the files that have hits. */
  #locate(): HitPlaces {
    const line = new Uint32Array(this.count);
    const column = new Uint32Array(this.count);
    const { file: files, offset: offsets } = this;
    const { operation, placement } = this.#question;
    const { segment, start, flags } = placement;
    const kernels = this.#question.kernels();
    const locator = new LineLocator();
    let current = -1;
    let kernel!: ScanKernel;
    for (let index = 0; index < this.count; index++) {
      const file = files[index]!;
      if (file !== current) {
        current = file;
        kernel = kernels[segment[file]!]!;
        const isMarked = operation === "match" && (flags[file]! & FILE_FLAGS.UTF8_MARK) !== 0;
        locator.begin(start[file]! + (isMarked ? MARK_BYTES : 0));
      }
      locator.locate(kernel, start[file]! + offsets[index]!);
      line[index] = locator.line;
      column[index] = locator.column;
    }
    return { line, column };
  }
}

function undecidedLines(runs: readonly Run[]): UndecidedLines {
  const count = countOf(runs);
  if (count === 0) return NO_LINES;
  const column = (index: number): Uint32Array => gather(runs, count, ({ undecided }) => undecided[index]!);
  return { count, file: column(0), line: column(1), offset: column(2) };
}

const countOf = (runs: readonly Run[]): number => runs.reduce((sum, { count }) => sum + count, 0);

function gather(
  runs: readonly Run[],
  count: number,
  columnOf: (answer: ThreadAnswer) => Uint32Array,
): Uint32Array {
  const column = new Uint32Array(count);
  let at = 0;
  for (const { answer, from, count: length } of runs) {
    copyRun(columnOf(answer), from, length, column, at);
    at += length;
  }
  return column;
}
