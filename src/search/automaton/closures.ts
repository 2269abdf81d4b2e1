/**
 * What a list of places in a pattern comes to when the bytes on both sides are known: assertions are decided, empty
 * moves are made.
 */
import type { ByteNfa, NfaState } from "./byte-nfa.ts";
import type { Context } from "./line-automaton.ts";
import { holds, type Side, sidesOf, type Sight } from "./look.ts";

/** What follows from a list of places between two bytes. */
export interface Closure {
  /** The pattern has matched. In leftmost order, what is less preferred is given up then. */
  readonly isMatch: boolean;
  /** It is not known whether the pattern has matched. */
  readonly isUnknown: boolean;
  /** States that consume a byte, in the order of preference, without those of `restart`. */
  readonly consuming: readonly number[];
  /** What a match that begins here comes to; least preferred. Undefined where none may begin. */
  readonly restart: Restart | undefined;
}

/** The closure of the place where a new match may begin. It is the same in most states. */
export interface Restart {
  readonly isMatch: boolean;
  readonly consuming: readonly number[];
  /** Number among the restarts. */
  readonly id: number;
}

/** Finds closures, and counts the steps that takes. */
export class Closures {
  stepCount = 0;
  readonly #states: readonly NfaState[];
  readonly #restartAt: number;
  readonly #isLeftmost: boolean;
  readonly #hasLook: boolean;
  readonly #restarts = new Map<string, Restart>();
  /** By state: the visit that saw it last. */
  readonly #seen: Uint32Array;
  #visit = 0;

  /** @param restartAt the place where a new match may begin, always the last of a list; −1 where there is none */
  constructor({ states }: ByteNfa, restartAt: number, isLeftmost: boolean) {
    this.#states = states;
    this.#restartAt = restartAt;
    this.#isLeftmost = isLeftmost;
    this.#hasLook = states.some(({ kind }) => kind === "look");
    this.#seen = new Uint32Array(states.length);
  }

  /** Can an assertion be asked before the next byte is consumed? If not, the byte before does not matter. */
  seesBehind(kernel: readonly number[]): boolean {
    if (!this.#hasLook) return false;
    this.#visit++;
    const stack = [...kernel];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#seen[at] === this.#visit) continue;
      this.#seen[at] = this.#visit;
      const state = this.#states[at] as NfaState;
      if (state.kind === "look") return true;
      if (state.kind === "split") stack.push(...state.alternatives);
    }
    return false;
  }

  /** The closures of a kernel: one for each way in which what lies beyond ASCII can turn out. */
  list(kernel: readonly number[], before: Context, after: Context): Closure[] {
    const [left, right] = [sidesOf(before), sidesOf(after)];
    const sides = this.#hasLook
      ? left.flatMap((one) => right.map((other) => [one, other] as const))
      : [[left[0] as Side, right[0] as Side] as const];
    return sides.map(([one, other]) =>
      this.#closure(kernel, { context: before, side: one }, { context: after, side: other }),
    );
  }

  #closure(kernel: readonly number[], before: Sight, after: Sight): Closure {
    const mayRestart = kernel.length > 0 && kernel.at(-1) === this.#restartAt;
    const own = this.#follow(mayRestart ? kernel.slice(0, -1) : kernel, before, after);
    if (!mayRestart || own.isUnknown || (own.isMatch && this.#isLeftmost))
      return { ...own, restart: undefined };
    const restart = this.#restart(before, after);
    return { ...own, isMatch: own.isMatch || restart.isMatch, restart };
  }

  #restart(before: Sight, after: Sight): Restart {
    const key = this.#hasLook ? `${before.context}${before.side}${after.context}${after.side}` : "";
    let restart = this.#restarts.get(key);
    if (restart === undefined) {
      restart = { ...this.#follow([this.#restartAt], before, after), id: this.#restarts.size };
      this.#restarts.set(key, restart);
    }
    return restart;
  }

  #follow(
    kernel: readonly number[],
    before: Sight,
    after: Sight,
  ): { isMatch: boolean; isUnknown: boolean; consuming: readonly number[] } {
    const consuming: number[] = [];
    let isMatch = false;
    let isUnknown = false;
    const visit = ++this.#visit;
    /** Places to visit, the preferred one on top. */
    const stack = kernel.toReversed();
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#seen[at] === visit) continue;
      this.#seen[at] = visit;
      this.stepCount++;
      const state = this.#states[at] as NfaState;
      if (state.kind === "match") {
        isMatch = true;
        if (this.#isLeftmost) break;
      } else if (state.kind === "unknown") {
        isUnknown = true;
        break;
      } else if (state.kind === "split") {
        for (let k = state.alternatives.length - 1; k >= 0; k--) stack.push(state.alternatives[k] as number);
      } else if (state.kind === "look") {
        if (holds(state.name, before, after)) stack.push(state.next);
      } else consuming.push(at);
    }
    return { isMatch, isUnknown, consuming };
  }
}
