/** Finds where matches end, and where they begin, with a deterministic automaton whose states are made on the way. */
import { byteClassesOf } from "./byte-classes.ts";
import { Closure } from "./closure.ts";
import type { Program } from "./program.ts";
import { SIDE, type Side, seesCharacters, sideAfter, sideBefore } from "./sides.ts";
import { FLAG, FLAGGED, StateCache } from "./state-cache.ts";

/** One program, read in its direction. */
export class LazyDfa {
  readonly #classOf: Uint8Array;
  readonly #cache: StateCache;
  readonly #starts: Int32Array;
  readonly #seesCharacters: boolean;

  /**
   * @param isReversed the program reads backwards; then the longest match counts, else the preferred one
   * @param maxBytes what the states may take
   */
  constructor(program: Program, isReversed: boolean, maxBytes: number) {
    const classes = byteClassesOf(program);
    this.#classOf = classes.classOf;
    this.#seesCharacters = program.looks.some(seesCharacters);
    this.#cache = new StateCache({
      closure: new Closure(program, !isReversed),
      classes,
      seesCharacters: this.#seesCharacters,
      isReversed,
      maxBytes,
    });
    this.#starts = Int32Array.of(isReversed ? program.start : program.searchStart);
  }

  /**
   * Where the leftmost match ends that begins at or after `at`, in the text bytes[start, end); −1 if there is none.
   * @param isEarliest any place will do at which a match is known to exist
   */
  findEnd(bytes: Uint8Array, start: number, end: number, at: number, isEarliest: boolean): number {
    const cache = this.#cache;
    const { stride } = cache;
    const classOf = this.#classOf;
    let state = cache.stateOf(this.#starts, this.#known(sideBefore(bytes, start, at)));
    let { next } = cache;
    let found = -1;
    for (let place = at; place < end; place++) {
      const byteClass = classOf[bytes[place] as number] as number;
      let to = next[state * stride + byteClass] as number;
      if (to >>> 0 >= FLAGGED) {
        if (to < 0) to = cache.transition(state, byteClass, this.#known(sideAfter(bytes, place, end)));
        if (to >= FLAGGED) {
          to -= FLAGGED;
          const flags = cache.flags[to] as number;
          if ((flags & FLAG.MATCH) !== 0) {
            found = place;
            if (isEarliest) return found;
          }
          if ((flags & FLAG.DEAD) !== 0) return found;
          if ((flags & FLAG.UNRESOLVED) !== 0) to = cache.resolved(to, sideBefore(bytes, start, place + 1));
        }
        next = cache.next;
      }
      state = to;
    }
    return cache.matchesAt(state, SIDE.EDGE) ? end : found;
  }

  /** Where the longest match begins that ends at `at`, but not before `floor`; −1 if there is none. */
  findStart(bytes: Uint8Array, start: number, end: number, at: number, floor: number): number {
    const cache = this.#cache;
    const { stride } = cache;
    const classOf = this.#classOf;
    let state = cache.stateOf(this.#starts, this.#known(sideAfter(bytes, at, end)));
    let found = -1;
    for (let place = at - 1; place >= floor; place--) {
      const byteClass = classOf[bytes[place] as number] as number;
      let to = cache.next[state * stride + byteClass] as number;
      if (to >>> 0 >= FLAGGED) {
        if (to < 0) to = cache.transition(state, byteClass, this.#known(sideBefore(bytes, start, place + 1)));
        if (to >= FLAGGED) {
          to -= FLAGGED;
          const flags = cache.flags[to] as number;
          if ((flags & FLAG.MATCH) !== 0) found = place + 1;
          if ((flags & FLAG.DEAD) !== 0) return found;
          if ((flags & FLAG.UNRESOLVED) !== 0) to = cache.resolved(to, sideAfter(bytes, place, end));
        }
      }
      state = to;
    }
    return cache.matchesAt(state, this.#known(sideBefore(bytes, start, floor))) ? floor : found;
  }

  /** A side as the states know it: where no assertion sees characters, those beyond ASCII are all alike. */
  #known(side: Side): Side {
    return this.#seesCharacters || side < SIDE.HIGH_WORD ? side : SIDE.OTHER;
  }
}
