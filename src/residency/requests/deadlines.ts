/**
 * Deadlines of many things, with one timer for all of them.
 *
 * Invariants: `#heap` is a binary heap, the nearest deadline first, and each entry knows its place in it, so that one
 * that is settled early leaves at once and nothing is held longer than it is needed. There is a timer exactly while
 * there is a deadline; it never keeps the process alive (whoever waits for the answer does).
 */
import { MAX_TIMER_MS, nowMs } from "../../base/index.ts";

/** What has a deadline. */
export interface Expiring {
  /** On the clock of `nowMs`; fixed while it is in the heap. */
  deadlineAtMs: number;
  /** Its place in the heap; −1 outside. Owned by `Deadlines`. */
  heapIndex: number;
}

/** Watches deadlines with one timer. See the head of this file. */
export class Deadlines<T extends Expiring> {
  readonly #heap: T[] = [];
  readonly #expire: (entry: T) => void;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set to; it may be earlier than the nearest deadline, never later. */
  #timerAtMs = Infinity;

  /** @param expire called once for each entry whose deadline has come, in their order; the entry has left by then */
  constructor(expire: (entry: T) => void) {
    this.#expire = expire;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Whether a timer is set: while anything has a deadline. */
  get isArmed(): boolean {
    return this.#timer !== undefined;
  }

  add(entry: T): void {
    this.#place(entry, this.#heap.length);
    this.#rise(entry);
    this.#arm();
  }

  /** Takes an entry out. Does nothing for one that is not in. */
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
    // Timers may come a little early; what is not due yet waits for the next one.
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
