/**
 * The states of a deterministic automaton, made when they are first needed.
 *
 * A state is a list of places in the program, what stood on the side that was read last, and whether the pattern had
 * matched before the last byte. The side is kept only where an assertion asks for it. Of a byte beyond ASCII it is not
 * known by the byte alone: such a state is unresolved, and `resolved` gives the one to go on with.
 *
 * Invariants: tables never take more than `maxBytes` and one state. When they are full all states are forgotten, and
 * their numbers with them.
 */
import type { ByteClasses } from "./byte-classes.ts";
import type { Closure } from "./closure.ts";
import { SIDE, type Side, sideOfByte } from "./sides.ts";

/** Entries of `next` from here on, and below 0, need a look before the next byte. */
export const FLAGGED = 1 << 30;
/** The entry of a transition that was not made yet. */
export const UNKNOWN = -1;
/** The entry of a transition that depends on the character at the byte. */
export const BY_CHARACTER = -2;
/** What is to be known of a state. */
export const FLAG = { MATCH: 1, DEAD: 2, UNRESOLVED: 4 } as const;

/** What the automaton is made from. */
export interface StateSource {
  readonly closure: Closure;
  readonly classes: ByteClasses;
  /** Characters beyond ASCII matter to some assertion. */
  readonly seesCharacters: boolean;
  readonly isReversed: boolean;
  readonly maxBytes: number;
}

interface State {
  readonly places: Int32Array;
  /** EDGE where nothing asks for it. */
  readonly behind: Side;
  readonly isMatch: boolean;
  readonly asks: boolean;
}

const LARGEST_TABLE = 1 << 28;

/** States and the transitions between them. */
export class StateCache {
  /** By state and class: the next state, or one of the entries above. */
  next = new Int32Array(0);
  flags = new Uint8Array(64);
  readonly stride: number;
  readonly #source: StateSource;
  #states: State[] = [];
  readonly #byHash = new Map<number, number[]>();
  /** By state, class and side: transitions of `BY_CHARACTER`, and the resolved states. */
  readonly #bySide = new Map<number, number>();
  #endings = new Int8Array(64);
  #usedBytes = 0;

  constructor(source: StateSource) {
    this.#source = source;
    this.stride = source.classes.members.length;
  }

  /** The state of these places. @param behind what stands on the side that was read */
  stateOf(places: Int32Array, behind: Side): number {
    return this.#intern(places, behind, false) & (FLAGGED - 1);
  }

  /** The state that goes on where `state` is unresolved. @param side what stands there */
  resolved(state: number, side: Side): number {
    const key = (state * this.stride + this.stride) * -16 - side;
    let to = this.#bySide.get(key);
    if (to === undefined) {
      to = this.stateOf((this.#states[state] as State).places, side);
      this.#bySide.set(key, to);
    }
    return to;
  }

  /**
   * The entry of a transition by a byte class. Afterwards, states may have other numbers.
   * @param ahead what is there, seen as a character
   */
  transition(state: number, byteClass: number, ahead: Side): number {
    const entry = this.next[state * this.stride + byteClass] as number;
    if (entry !== BY_CHARACTER) return this.#made(state, byteClass, ahead);
    const key = (state * this.stride + byteClass) * 16 + ahead;
    const known = this.#bySide.get(key);
    if (known !== undefined) return known;
    const from = this.#roomFor(state);
    const to = this.#step(from, byteClass, ahead);
    this.#bySide.set((from * this.stride + byteClass) * 16 + ahead, to);
    return to;
  }

  /** Has the pattern matched where the text, or the search, ends? */
  matchesAt(state: number, ahead: Side): boolean {
    if (ahead !== SIDE.EDGE) return this.#follow(state, ahead).isMatch;
    const known = this.#endings[state] as number;
    if (known !== 0) return known === 1;
    const { isMatch } = this.#follow(state, ahead);
    this.#endings[state] = isMatch ? 1 : -1;
    return isMatch;
  }

  #made(state: number, byteClass: number, ahead: Side): number {
    const from = this.#roomFor(state);
    const { classes, seesCharacters } = this.#source;
    const isHigh = (classes.members[byteClass] as number) >= 0x80;
    const at = from * this.stride + byteClass;
    if (isHigh && seesCharacters && (this.#states[from] as State).asks) {
      this.next[at] = BY_CHARACTER;
      return this.transition(from, byteClass, ahead);
    }
    const to = this.#step(from, byteClass, ahead);
    this.next[at] = to;
    return to;
  }

  #follow(state: number, ahead: Side): Closure {
    const { closure, isReversed } = this.#source;
    const { places, behind } = this.#states[state] as State;
    if (isReversed) closure.follow(places, ahead, behind);
    else closure.follow(places, behind, ahead);
    return closure;
  }

  #step(state: number, byteClass: number, ahead: Side): number {
    const closure = this.#follow(state, ahead);
    const { isMatch } = closure;
    const byte = this.#source.classes.members[byteClass] as number;
    const places = closure.step(byte);
    return this.#intern(places, sideOf(byte, this.#source.seesCharacters), isMatch);
  }

  /** Makes room for another state. @returns the number of `state`, which may be another one then */
  #roomFor(state: number): number {
    if (this.#usedBytes < this.#source.maxBytes) return state;
    const { places, behind } = this.#states[state] as State;
    this.#states = [];
    this.#byHash.clear();
    this.#bySide.clear();
    this.#usedBytes = 0;
    return this.stateOf(places, behind);
  }

  #intern(places: Int32Array, side: Side, isMatch: boolean): number {
    const asks = this.#source.closure.asksLook(places);
    const behind = asks ? side : SIDE.EDGE;
    const hash = hashOf(places, behind, isMatch);
    const same = this.#byHash.get(hash) ?? [];
    for (const index of same) {
      const state = this.#states[index] as State;
      if (state.behind === behind && state.isMatch === isMatch && areEqual(state.places, places))
        return this.#entryOf(index);
    }
    const index = this.#states.length;
    this.#states.push({ places, behind, isMatch, asks });
    same.push(index);
    this.#byHash.set(hash, same);
    this.#usedBytes += this.stride * 4 + places.length * 4 + 100;
    this.#grow(index);
    this.next.fill(UNKNOWN, index * this.stride, (index + 1) * this.stride);
    this.#endings[index] = 0;
    this.flags[index] =
      (isMatch ? FLAG.MATCH : 0) |
      (places.length === 0 ? FLAG.DEAD : 0) |
      (behind === SIDE.HIGH ? FLAG.UNRESOLVED : 0);
    return this.#entryOf(index);
  }

  #entryOf(state: number): number {
    return this.flags[state] === 0 ? state : state + FLAGGED;
  }

  #grow(index: number): void {
    if (index >= this.flags.length) {
      this.flags = grown(this.flags, new Uint8Array(index * 2));
      this.#endings = grown(this.#endings, new Int8Array(index * 2));
    }
    const needed = (index + 1) * this.stride;
    if (needed > this.next.length) {
      this.next = grown(this.next, new Int32Array(Math.min(Math.max(needed * 2, 1024), LARGEST_TABLE)));
    }
  }
}

const sideOf = (byte: number, seesCharacters: boolean): Side => {
  const side = sideOfByte(byte);
  return side === SIDE.HIGH && !seesCharacters ? SIDE.OTHER : side;
};

function grown<T extends Uint8Array | Int8Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

function hashOf(places: Int32Array, behind: number, isMatch: boolean): number {
  let hash = behind * 2 + (isMatch ? 1 : 0);
  for (const place of places) hash = (Math.imul(hash, 0x01000193) ^ place) | 0;
  return hash;
}

function areEqual(one: Int32Array, other: Int32Array): boolean {
  return one.length === other.length && one.every((place, index) => place === other[index]);
}
