/**
 * A page of an answer.
 *
 * Invariants: a page takes results in their order. When one does not fit, the page is full, and takes none after it. A
 * page takes at least one result, so that pages come to an end.
 */
import { comparePositions, type PathOrder, type Position } from "./order.ts";

/** Text that grows up to a limit. */
export class Page {
  /** The last result on this page. */
  last: Position | undefined;
  /** There are results after this page. */
  isFull = false;
  readonly #lines: string[] = [];
  readonly #maxBytes: number;
  readonly #after: Position | undefined;
  readonly #order: PathOrder;
  readonly #compare: typeof comparePositions;
  #sizeBytes = 0;

  /** @param after the last result of the page before */
  constructor(
    maxBytes: number,
    order: PathOrder,
    after: Position | undefined,
    compare: typeof comparePositions = comparePositions,
  ) {
    this.#compare = compare;
    this.#maxBytes = maxBytes;
    this.#order = order;
    this.#after = after;
  }

  /** Whether a result stands on an earlier page. */
  isBefore(position: Position): boolean {
    return this.#after !== undefined && this.#compare(position, this.#after, this.#order) <= 0;
  }

  /**
   * Takes a result, if there is room for it.
   * @param lines its text, each without a line feed
   * @returns whether it is on this page
   */
  add(position: Position, lines: readonly string[]): boolean {
    if (this.isFull || this.isBefore(position)) return false;
    const sizeBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (this.last !== undefined && this.#sizeBytes + sizeBytes > this.#maxBytes) {
      this.isFull = true;
      return false;
    }
    this.#sizeBytes += sizeBytes;
    this.#lines.push(...lines);
    this.last = position;
    return true;
  }

  /** The text of the page. */
  get text(): string {
    return this.#lines.join("\n");
  }
}
