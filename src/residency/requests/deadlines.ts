/**
 * Many deadlines with a single timer.
 *
 * Invariants: `#heap` is a binary heap with the nearest deadline first. Each entry knows its index in the heap. So an
 * entry that is settled early is removed at once and is not kept in memory. There is a timer exactly while there is a
 * deadline. The timer never keeps the process alive; waiting for the answer does.
 */
import { MAX_TIMER_MS, nowMs } from "../../base/index.ts";

/** Something with a deadline. */
export interface Expiring {
  /** A time of `nowMs`. It must not change while the entry is in the heap. */
  deadlineAtMs: number;
  /** Index in the heap; −1 outside. Only `Deadlines` changes it. */
  heapIndex: number;
}

/** Watches deadlines with a single timer. See the head of this file. */
export class Deadlines<T extends Expiring> {
  readonly #heap: T[] = [];
  readonly #expire: (entry: T) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. It may be earlier than the nearest deadline, never later. */
  #timerAtMs = Infinity;

  /** @param expire called once for each expired entry, in order; the entry has been removed already */
  constructor(expire: (entry: T) => void) {
    this.#expire = expire;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Whether a timer is set, which is while there is a deadline. */
  get isArmed(): boolean {
    return this.#timer !== undefined;
  }

  add(entry: T): void {
    this.#place(entry, this.#heap.length);
    this.#rise(entry);
    this.#arm();
  }

  /** Removes an entry. Does nothing for an entry that is not in the heap. */
  remove(entry: T): void {
    if (entry.heapIndex < 0) return;
    const index = entry.heapIndex;
    const last = this.#heap.pop() as T;
    entry.heapIndex = -1;
    if (last !== entry) {
      this.#place(last, index);
      this.#rise(last);
      this.#sink(last);
    }
    if (this.#heap.length === 0) this.#disarm();
  }

  #fire(): void {
    this.#disarm();
    const now = nowMs();
    // Timers may fire slightly early. Deadlines that are not due yet wait for the next timer.
    for (let first = this.#heap[0]; first !== undefined && first.deadlineAtMs <= now; first = this.#heap[0]) {
      this.remove(first);
      this.#expire(first);
    }
    this.#arm();
  }

  #arm(): void {
    const nearest = this.#heap[0];
    if (nearest === undefined || this.#timerAtMs <= nearest.deadlineAtMs) return;
    this.#disarm();
    this.#timerAtMs = nearest.deadlineAtMs;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(nearest.deadlineAtMs - nowMs())));
    this.#timer = setTimeout(() => this.#fire(), delayMs).unref();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
  }

  #place(entry: T, index: number): void {
    this.#heap[index] = entry;
    entry.heapIndex = index;
  }

  #rise(entry: T): void {
    for (let index = entry.heapIndex; index > 0;) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent.deadlineAtMs <= entry.deadlineAtMs) return;
      this.#place(parent, index);
      this.#place(entry, above);
      index = above;
    }
  }

  #sink(entry: T): void {
    for (let index = entry.heapIndex; ;) {
      let below = 2 * index + 1;
      if (below >= this.#heap.length) return;
      if (
        below + 1 < this.#heap.length &&
        this.#heap[below + 1].deadlineAtMs < this.#heap[below].deadlineAtMs
      ) {
        below++;
      }
      const child = this.#heap[below];
      if (entry.deadlineAtMs <= child.deadlineAtMs) return;
      this.#place(child, index);
      this.#place(entry, below);
      index = below;
    }
  }
}
