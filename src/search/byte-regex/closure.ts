/** Empty moves of a program: where a list of places leads before the next byte is consumed. */
import { nextState, type Program, STATE } from "./program.ts";
import { HOLDS, type Side } from "./sides.ts";

/** Follows empty moves. One object serves all lists; what it found is true until the next call. */
export class Closure {
  /** States that consume a byte, in the order of preference: the first `count`. */
  readonly consuming: Int32Array;
  count = 0;
  /** The pattern has matched. */
  isMatch = false;
  readonly #program: Program;
  readonly #isLeftmost: boolean;
  /** By state: the visit that saw it last. */
  readonly #seen: Uint32Array;
  #visit = 0;
  #stack = new Int32Array(256);

  /** @param isLeftmost what is less preferred than a match is given up */
  constructor(program: Program, isLeftmost: boolean) {
    this.#program = program;
    this.#isLeftmost = isLeftmost;
    this.consuming = new Int32Array(program.kinds.length);
    this.#seen = new Uint32Array(program.kinds.length);
  }

  /** Is an assertion asked on the way from these states to the next byte? */
  asksLook(states: Int32Array): boolean {
    if (this.#program.looks.length === 0) return false;
    let asks = false;
    this.#walk(states, () => (asks = true));
    return asks;
  }

  /** Follows `states` at a place with these sides. */
  follow(states: Int32Array, before: Side, after: Side): void {
    const { looks } = this.#program;
    this.#walk(states, (look) => HOLDS[looks[look] as keyof typeof HOLDS](before, after));
  }

  /** The states that `byte` leads to from those that were found, in the same order, each once. */
  step(byte: number): Int32Array {
    const visit = this.#nextVisit();
    const next: number[] = [];
    for (let index = 0; index < this.count; index++) {
      const state = nextState(this.#program, this.consuming[index] as number, byte);
      if (state < 0 || this.#seen[state] === visit) continue;
      this.#seen[state] = visit;
      next.push(state);
    }
    return Int32Array.from(next);
  }

  #nextVisit(): number {
    if (this.#visit === 0xffff_ffff) {
      this.#seen.fill(0);
      this.#visit = 0;
    }
    return ++this.#visit;
  }

  #walk(states: Int32Array, holds: (look: number) => boolean): void {
    const { kinds, firsts, words } = this.#program;
    const visit = this.#nextVisit();
    this.count = 0;
    this.isMatch = false;
    let depth = 0;
    for (let index = states.length - 1; index >= 0; index--) this.#push(depth++, states[index] as number);
    while (depth > 0) {
      const state = this.#stack[--depth] as number;
      if (this.#seen[state] === visit) continue;
      this.#seen[state] = visit;
      const first = firsts[state] as number;
      switch (kinds[state]) {
        case STATE.BYTES:
          this.consuming[this.count++] = state;
          break;
        case STATE.SPLIT:
          for (let at = (firsts[state + 1] as number) - 1; at >= first; at--)
            this.#push(depth++, words[at] as number);
          break;
        case STATE.LOOK:
          if (holds(words[first] as number)) this.#push(depth++, words[first + 1] as number);
          break;
        case STATE.SAVE:
          this.#push(depth++, words[first + 1] as number);
          break;
        default:
          this.isMatch = true;
          if (this.#isLeftmost) return;
      }
    }
  }

  #push(depth: number, state: number): void {
    if (depth === this.#stack.length) {
      const larger = new Int32Array(depth * 2);
      larger.set(this.#stack);
      this.#stack = larger;
    }
    this.#stack[depth] = state;
  }
}
