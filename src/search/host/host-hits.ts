/** The host engine's answers, put together from what its threads found. */
import { NO_LINES, hitLengths, type HitPlaces, type RawHits, type UndecidedLines } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import type { Placement } from "../corpus/index.ts";
import type { ScanKernel } from "../scanner/index.ts";
import { copyRun } from "./columns.ts";
import { BLOCK_WORDS, LOCATED_HIT_COLUMNS, type ThreadAnswer } from "./found.ts";
import { LineLocator } from "./line-locator.ts";

/** What was asked of the threads. */
export interface HostQuestion {
  /** `match`: the third column of the hits is their length. Otherwise it is their literal, of these. */
  readonly operation: "scan" | "match";
  readonly literals: readonly Literal[];
  readonly placement: Placement;
  /** One per segment, of the calling thread; throws when the corpus is gone. */
  readonly kernels: () => readonly ScanKernel[];
}

/** A run of rows of one answer: the hits of one unit, or its undecided lines. */
interface Run {
  readonly unit: number;
  readonly answer: ThreadAnswer;
  readonly from: number;
  readonly count: number;
}

const NOTHING = new Uint32Array(0);

/**
 * Hits in the order of files and offsets: runs are sorted by unit, and units are sorted by file. A column is put
 * together when it is first asked for.
 */
export class HostHits implements RawHits {
  readonly count: number;
  readonly truncated: boolean;
  readonly undecided: UndecidedLines;
  readonly #question: HostQuestion;
  readonly #answers: readonly ThreadAnswer[];
  readonly #runs: readonly Run[];
  readonly #isLocated: boolean;
  #file: Uint32Array | undefined;
  #offset: Uint32Array | undefined;
  #literal: Uint32Array | undefined;
  #length: Uint32Array | undefined;
  #places: HitPlaces | undefined;

  constructor(answers: readonly ThreadAnswer[], question: HostQuestion, truncated: boolean) {
    this.#question = question;
    this.#answers = answers;
    this.truncated = truncated;
    this.#runs = runsOf(answers, 1);
    this.#isLocated = (answers[0]?.hits.length ?? LOCATED_HIT_COLUMNS) === LOCATED_HIT_COLUMNS;
    this.count = countOf(this.#runs);
    this.undecided = undecidedLines(answers);
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

  /** Asked once for each column: the answers give it up. */
  #column(index: number): Uint32Array {
    const answers = this.#answers;
    const [only] = answers;
    const column =
      answers.length === 1 ? only!.hits[index]! : gather(this.#runs, this.count, ({ hits }) => hits[index]!);
    for (const { hits } of answers) hits[index] = NOTHING;
    return column;
  }

  /** One pass over the files that have hits. */
  #locate(): HitPlaces {
    const line = new Uint32Array(this.count);
    const column = new Uint32Array(this.count);
    const { file: files, offset: offsets } = this;
    const { operation, placement } = this.#question;
    const { segment, start } = placement;
    const kernels = this.#question.kernels();
    const locator = new LineLocator();
    let current = -1;
    let kernel!: ScanKernel;
    for (let index = 0; index < this.count; index++) {
      const file = files[index]!;
      if (file !== current) {
        current = file;
        kernel = kernels[segment[file]!]!;
        locator.begin(start[file]! + (operation === "match" ? placement.textStart(file) : 0));
      }
      locator.locate(kernel, start[file]! + offsets[index]!);
      line[index] = locator.line;
      column[index] = locator.column;
    }
    return { line, column };
  }
}

/** @param word of a block: its count */
function runsOf(answers: readonly ThreadAnswer[], word: 1 | 2): Run[] {
  const runs: Run[] = [];
  for (const answer of answers) {
    const { blocks } = answer;
    let from = 0;
    for (let at = 0; at < blocks.length; at += BLOCK_WORDS) {
      const count = blocks[at + word]!;
      if (count > 0) runs.push({ unit: blocks[at]!, answer, from, count });
      from += count;
    }
  }
  return answers.length === 1 ? runs : runs.sort((a, b) => a.unit - b.unit);
}

function undecidedLines(answers: readonly ThreadAnswer[]): UndecidedLines {
  const told = answers.filter(({ undecided }) => undecided.length > 0);
  const runs = runsOf(told, 2);
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
