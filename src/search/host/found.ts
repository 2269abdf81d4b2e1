/**
 * What a thread finds for a query, and how it gets to the main thread.
 *
 *   mailbox: │ 0 block words or SPILLED │ 1 hits │ 2 columns of hits │ 3 undecided lines │ blocks │ hits │ undecided │
 *
 * Columns of hits: file, offset in the file, literal (scan) or length (match); then line and column, where wanted.
 * Columns of undecided lines: file, line, offset. Blocks: unit, hits of it, undecided lines of it.
 */
import { Columns } from "./columns.ts";

/** Words of a block: unit, hits, undecided lines. */
export const BLOCK_WORDS = 3;
/** Columns of hits: file, offset in the file, literal or length. */
export const HIT_COLUMNS = 3;
/** With line and column, both from 1. */
export const LOCATED_HIT_COLUMNS = 5;
const UNDECIDED_COLUMNS = 3;

/** In word 0 of a mailbox: the answer comes as a message. */
export const SPILLED = 0xffff_ffff;
const HEAD_WORDS = 4;

/** What one thread found for one query, unit by unit, in ascending order of units. */
export interface ThreadAnswer {
  readonly blocks: Uint32Array;
  /** Columns; whoever is done with one may put another in its place. */
  readonly hits: Uint32Array[];
  /** Columns; none where there is no such line. */
  readonly undecided: readonly Uint32Array[];
}

/** What a thread found so far. */
export class Found {
  readonly #blocks = new Columns(1);
  readonly hits = new Columns(LOCATED_HIT_COLUMNS);
  readonly undecided = new Columns(UNDECIDED_COLUMNS);

  /** Everything since so many rows is of this unit. */
  addBlock(unit: number, hitsBefore: number, undecidedBefore: number): void {
    const hits = this.hits.length - hitsBefore;
    const undecided = this.undecided.length - undecidedBefore;
    if (hits + undecided === 0) return;
    const blocks = this.#blocks;
    blocks.reserve(BLOCK_WORDS);
    blocks.columns[0]!.set([unit, hits, undecided], blocks.length);
    blocks.length += BLOCK_WORDS;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  clear(): void {
    this.#blocks.clear();
    this.hits.clear();
    this.undecided.clear();
  }

  /** Gives back the room that earlier queries needed. */
  trim(): void {
    for (const columns of [this.#blocks, this.hits, this.undecided]) columns.trim();
  }

  /** Puts everything into a mailbox and begins anew. @returns false where it does not fit; nothing is done then */
  putInto(mailbox: Uint32Array, hitColumns: number): boolean {
    const parts: [Columns, number][] = [
      [this.#blocks, 1],
      [this.hits, hitColumns],
      [this.undecided, UNDECIDED_COLUMNS],
    ];
    const words = parts.reduce((sum, [{ length }, count]) => sum + count * length, HEAD_WORDS);
    if (words > mailbox.length) return false;
    mailbox[0] = this.#blocks.length;
    mailbox[1] = this.hits.length;
    mailbox[2] = hitColumns;
    mailbox[3] = this.undecided.length;
    let at = HEAD_WORDS;
    for (const [{ columns, length }, count] of parts) {
      for (const column of columns.slice(0, count)) {
        mailbox.set(column.subarray(0, length), at);
        at += length;
      }
    }
    this.clear();
    return true;
  }

  /** Everything, handed over, to be sent as a message. */
  take(hitColumns: number): { answer: ThreadAnswer; buffers: ArrayBuffer[] } {
    const [blocks] = this.#blocks.take() as [Uint32Array<ArrayBuffer>];
    const hits = this.hits.take(hitColumns);
    const undecided = this.undecided.take();
    return { answer: { blocks, hits, undecided }, buffers: hits.map(({ buffer }) => buffer) };
  }
}

/** The answer in a mailbox, copied. Undefined where there is none, or it comes as a message. */
export function takeFromMailbox(mailbox: Uint32Array): ThreadAnswer | undefined {
  const [blockWords, hitCount, hitColumns, undecidedCount] = mailbox as unknown as [
    number,
    number,
    number,
    number,
  ];
  if (blockWords === 0 || blockWords === SPILLED) return undefined;
  const end = HEAD_WORDS + blockWords + hitCount * hitColumns + undecidedCount * UNDECIDED_COLUMNS;
  const words = mailbox.slice(HEAD_WORDS, end);
  let at = 0;
  const part = (length: number): Uint32Array => words.subarray(at, (at += length));
  return {
    blocks: part(blockWords),
    hits: Array.from({ length: hitColumns }, () => part(hitCount)),
    undecided:
      undecidedCount === 0 ? [] : Array.from({ length: UNDECIDED_COLUMNS }, () => part(undecidedCount)),
  };
}
