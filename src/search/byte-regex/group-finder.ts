/** Finds what the groups of a match captured: all ways through the program at once (R. Pike), the preferred first. */
import { nextState, type Program, STATE } from "./program.ts";
import { HOLDS, type Side, sideAfter, sideBefore } from "./sides.ts";

/** One way through the program: its state, and where its groups began and ended. */
interface Thread {
  readonly state: number;
  readonly slots: Int32Array;
}

/** Slots of a program with groups. */
export class GroupFinder {
  readonly #program: Program;
  readonly #slotCount: number;
  /** By state: the visit that saw it last. */
  readonly #seen: Uint32Array;
  #visit = 0;
  #matched: Int32Array | undefined;

  /** @param groupCount groups of the user's */
  constructor(program: Program, groupCount: number) {
    this.#program = program;
    this.#slotCount = (groupCount + 1) * 2;
    this.#seen = new Uint32Array(program.kinds.length);
  }

  /**
   * Start and end of each group of the match that begins at `matchStart`, −1 for a group without a part in it; group 0
   * is the match. The text is bytes[start, end), and the match lies in it.
   */
  find(bytes: Uint8Array, start: number, end: number, matchStart: number, matchEnd: number): Int32Array {
    this.#matched = undefined;
    let threads: Thread[] = [{ state: this.#program.start, slots: new Int32Array(this.#slotCount).fill(-1) }];
    for (let at = matchStart; at <= matchEnd && threads.length > 0; at++) {
      const ready = this.#followed(threads, at, sideBefore(bytes, start, at), sideAfter(bytes, at, end));
      threads = at < matchEnd ? this.#stepped(ready, bytes[at] as number) : [];
    }
    const slots = this.#matched ?? new Int32Array(this.#slotCount).fill(-1);
    slots[0] = matchStart;
    slots[1] = matchEnd;
    return slots;
  }

  /** The threads that wait for a byte. What is less preferred than a match is given up. */
  #followed(threads: readonly Thread[], at: number, before: Side, after: Side): Thread[] {
    const { kinds, firsts, words, looks } = this.#program;
    const visit = ++this.#visit;
    const ready: Thread[] = [];
    const stack = threads.toReversed();
    for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
      const { state, slots } = thread;
      if (this.#seen[state] === visit) continue;
      this.#seen[state] = visit;
      const first = firsts[state] as number;
      if (kinds[state] === STATE.MATCH) {
        this.#matched = slots;
        break;
      }
      if (kinds[state] === STATE.BYTES) ready.push(thread);
      else if (kinds[state] === STATE.SPLIT) {
        for (let word = (firsts[state + 1] as number) - 1; word >= first; word--)
          stack.push({ state: words[word] as number, slots });
      } else if (kinds[state] === STATE.LOOK) {
        const name = looks[words[first] as number] as keyof typeof HOLDS;
        if (HOLDS[name](before, after)) stack.push({ state: words[first + 1] as number, slots });
      } else {
        const saved = slots.slice();
        saved[words[first] as number] = at;
        stack.push({ state: words[first + 1] as number, slots: saved });
      }
    }
    return ready;
  }

  #stepped(threads: readonly Thread[], byte: number): Thread[] {
    const visit = ++this.#visit;
    const stepped: Thread[] = [];
    for (const { state: from, slots } of threads) {
      const state = nextState(this.#program, from, byte);
      if (state < 0 || this.#seen[state] === visit) continue;
      this.#seen[state] = visit;
      stepped.push({ state, slots });
    }
    return stepped;
  }
}
