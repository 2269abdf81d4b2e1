/**
 * A write to a mirror: changes that are sent together, divided into spans that fit one request.
 *
 *     runs, a list for each change   ├────── run ──────┤  ├─ run ─┤      words that changed on the host
 *     pages of the mirror            ┆        ┆        ┆        ┆
 *     spans                          ├────────┤├───────┤  ├─────┤├┤      within one page, short enough for a workgroup
 */

/** Maximum number of 16-byte vectors that one workgroup stores. */
const SPAN_VECTORS_MAX = 4096;
const VECTOR_BYTES = 16;

/** Words [begin, end) of the mirrored space. One workgroup stores them. */
export interface WordSpan {
  readonly begin: number;
  readonly end: number;
}

/** The caller of a change. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Changes on their way to a mirror. */
export class MirrorWrite {
  readonly kind = "write";
  readonly #pageWords: number;
  readonly #waiters: Waiter[] = [];
  /** Pairs of begin and end, in words, that are not sent yet. */
  readonly #runs: Uint32Array[] = [];
  /** The index of the next pair in the first list, and how far that pair was sent. */
  #at = 0;
  #sentTo = 0;

  /** @param pageWords words of a page */
  constructor(pageWords: number) {
    this.#pageWords = pageWords;
  }

  /** Whether everything has been sent. */
  get isSent(): boolean {
    return this.#runs.length === 0;
  }

  /** Adds a change. @param waiter is told when the whole write has ended */
  add(runs: Uint32Array, waiter: Waiter): void {
    this.#runs.push(runs);
    this.#waiters.push(waiter);
  }

  /** Tells all callers that the mirror has their changes. */
  resolve(): void {
    for (const { resolve } of this.#waiters) resolve();
  }

  /** Tells all callers why the mirror does not have their changes. */
  reject(error: unknown): void {
    for (const { reject } of this.#waiters) reject(error);
  }

  /**
   * Takes the spans for one request.
   * @param maxBytes maximum size of the request: its words, and one vector for each span
   * @param commit receives the spans; their words count as sent if it returns true
   * @returns the result of `commit`
   */
  take(maxBytes: number, commit: (spans: readonly WordSpan[]) => boolean): boolean {
    const spans: WordSpan[] = [];
    let size = 0;
    let list = 0;
    let at = this.#at;
    let sentTo = this.#sentTo;
    while (list < this.#runs.length && size + 2 * VECTOR_BYTES <= maxBytes) {
      const runs = this.#runs[list];
      const begin = Math.max(runs[at], sentTo);
      const pageEnd = (Math.floor(begin / this.#pageWords) + 1) * this.#pageWords;
      const roomVectors = Math.floor((maxBytes - size) / VECTOR_BYTES) - 1;
      const end = Math.min(runs[at + 1], pageEnd, begin + Math.min(SPAN_VECTORS_MAX, roomVectors) * 4);
      sentTo = end;
      if (end === runs[at + 1]) {
        at += 2;
        sentTo = 0;
        if (at === runs.length) {
          at = 0;
          list++;
        }
      }
      size += (end - begin) * 4 + VECTOR_BYTES;
      spans.push({ begin, end });
    }
    if (!commit(spans)) return false;
    this.#at = at;
    this.#sentTo = sentTo;
    this.#runs.splice(0, list);
    return true;
  }
}
