/**
 * A write of the table: changes that are sent together, cut into places that one request takes.
 *
 *     runs, a list for each change   ├────── run ──────┤  ├─ run ─┤      words of the table that are no longer as they were
 *     pages of the device         ┆        ┆        ┆        ┆
 *     places                         ├────────┤├───────┤  ├─────┤├┤      within a page each, and not too long for a workgroup
 */
import { Table } from "../table/index.ts";

/** Vectors of a run that one workgroup stores. */
const RUN_VECTORS_MAX = 4096;
const VECTOR_BYTES = 16;

/** Words [begin, end) of the table, that one workgroup stores. */
export interface Place {
  readonly begin: number;
  readonly end: number;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class TableWrite {
  readonly kind = "write";
  readonly #waiters: Waiter[] = [];
  /** Pairs of begin and end, in words, that are not sent yet. */
  readonly #runs: Uint32Array[] = [];
  /** Where in the first of them the next pair is, and how far it was sent. */
  #at = 0;
  #sentTo = 0;

  /** Has all been sent? */
  get isSent(): boolean {
    return this.#runs.length === 0;
  }

  /** Adds a change; `waiter` is told of the end of all of it. */
  add(runs: Uint32Array, waiter: Waiter): void {
    this.#runs.push(runs);
    this.#waiters.push(waiter);
  }

  resolve(): void {
    for (const { resolve } of this.#waiters) resolve();
  }

  reject(error: unknown): void {
    for (const { reject } of this.#waiters) reject(error);
  }

  /**
   * Cuts off what one request is to carry, `sizeMax` bytes at most: words, and a vector for each place.
   * @param commit is given the places; what they hold counts as sent when it returns true
   */
  take(sizeMax: number, commit: (places: readonly Place[]) => boolean): boolean {
    const places: Place[] = [];
    let size = 0;
    let list = 0;
    let at = this.#at;
    let sentTo = this.#sentTo;
    while (list < this.#runs.length && size + 2 * VECTOR_BYTES <= sizeMax) {
      const runs = this.#runs[list];
      const begin = Math.max(runs[at], sentTo);
      const pageEnd = (Math.floor(begin / Table.PAGE_WORDS) + 1) * Table.PAGE_WORDS;
      const roomVectors = Math.floor((sizeMax - size) / VECTOR_BYTES) - 1;
      const end = Math.min(runs[at + 1], pageEnd, begin + Math.min(RUN_VECTORS_MAX, roomVectors) * 4);
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
      places.push({ begin, end });
    }
    if (!commit(places)) return false;
    this.#at = at;
    this.#sentTo = sentTo;
    this.#runs.splice(0, list);
    return true;
  }
}
