/**
 * A nondeterministic automaton made deterministic, by the subset construction.
 *
 * A state stands for a list of places in the pattern and the byte before. Which of them live on is decided when the
 * next byte is seen, because only then all assertions are decided. Where an assertion depends on what a byte beyond
 * ASCII belongs to, all that is possible is tried. If it makes a difference, the state is QUIT.
 */
import type { ByteNfa, NfaState } from "./byte-nfa.ts";
import type { StateTable } from "../contracts.ts";
import { CONTEXT, type Context, contextOf, DEAD, QUIT } from "./line-automaton.ts";
import { holds, type Side, sidesOf } from "./look.ts";

/** Bytes that an automaton treats alike. */
export interface ByteClasses {
  readonly byteClass: Uint8Array;
  readonly classCount: number;
  readonly edgeClass: number;
  readonly asciiClassCount: number;
  /** The class that the line feed would have if it were like any other byte. */
  readonly lineFeedOrder: number;
}

/** How a table is made. */
export interface DeterminizeOptions {
  /**
   * `leftmost`: a match may begin anywhere, and what is preferred ends the others. `all`: from one place, and nothing
   * is preferred.
   */
  readonly order: "leftmost" | "all";
  readonly maxStates: number;
  /** Steps of the construction; a measure of its time. */
  readonly maxSteps: number;
}

const LINE_FEED = 10;

/** The classes of bytes that two automata tell apart. */
export function classesOf(nfas: readonly ByteNfa[]): ByteClasses {
  const isBorder = new Uint8Array(257);
  const hasLook = nfas.some(({ states }) => states.some(({ kind }) => kind === "look"));
  for (const { states } of nfas) {
    for (const state of states) {
      if (state.kind !== "bytes") continue;
      for (const { low, high } of state.edges) isBorder[low] = isBorder[high + 1] = 1;
    }
  }
  for (let byte = 1; hasLook && byte < 256; byte++) {
    if (contextOf(byte) !== contextOf(byte - 1)) isBorder[byte] = 1;
  }
  isBorder[0x80] = 1;
  const byteClass = new Uint8Array(256);
  let count = 0;
  let asciiClassCount = 0;
  for (let byte = 0; byte < 256; byte++) {
    if (byte > 0 && isBorder[byte] === 1) count++;
    if (byte === 0x80) asciiClassCount = count;
    byteClass[byte] = count;
  }
  const edgeClass = count + 1;
  const lineFeedOrder = byteClass[LINE_FEED] as number;
  byteClass[LINE_FEED] = edgeClass;
  return { byteClass, classCount: edgeClass + 1, edgeClass, asciiClassCount, lineFeedOrder };
}

/** @returns undefined where the table would be larger than allowed */
export function determinize(
  nfa: ByteNfa,
  classes: ByteClasses,
  options: DeterminizeOptions,
): StateTable | undefined {
  const subsets = new Subsets(nfa, classes, options);
  return subsets.build();
}

/** A state under construction. */
interface Subset {
  /** States of the NFA, before assertions are decided; in the order of preference. */
  readonly kernel: readonly number[];
  readonly before: Context;
  readonly isMatch: boolean;
}

/** What follows from a kernel between two bytes. */
interface Closure {
  readonly isMatch: boolean;
  /** States that consume a byte, in the order of preference. */
  readonly consuming: readonly number[];
}

class Subsets {
  readonly #nfa: ByteNfa;
  readonly #classes: ByteClasses;
  readonly #options: DeterminizeOptions;
  readonly #isLeftmost: boolean;
  readonly #hasLook: boolean;
  readonly #subsets: Subset[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #rows: Uint16Array[] = [];
  /** The class of each byte as if the line feed were like any other: of bytes between two, it lies between theirs. */
  readonly #orderOf: Uint8Array;
  /** The context of each class but the edge. All are OTHER where there is no assertion. */
  readonly #contexts: Context[] = [];
  readonly #classesByContext = new Map<Context, number[]>();
  #steps = 0;
  readonly #seen: Uint32Array;
  #seenMark = 0;

  constructor(nfa: ByteNfa, classes: ByteClasses, options: DeterminizeOptions) {
    this.#nfa = options.order === "leftmost" ? startingAnywhere(nfa) : nfa;
    this.#classes = classes;
    this.#options = options;
    this.#isLeftmost = options.order === "leftmost";
    this.#hasLook = nfa.states.some(({ kind }) => kind === "look");
    this.#seen = new Uint32Array(this.#nfa.states.length);
    this.#orderOf = classes.byteClass.slice();
    this.#orderOf[LINE_FEED] = classes.lineFeedOrder;
    for (let byte = 0; byte < 256; byte++) {
      const index = classes.byteClass[byte] as number;
      if (byte === LINE_FEED || this.#contexts[index] !== undefined) continue;
      const context = this.#hasLook ? contextOf(byte) : CONTEXT.OTHER;
      this.#contexts[index] = context;
      const same = this.#classesByContext.get(context);
      if (same === undefined) this.#classesByContext.set(context, [index]);
      else same.push(index);
    }
  }

  build(): StateTable | undefined {
    this.#subsets.push({ kernel: [], before: CONTEXT.EDGE, isMatch: false });
    this.#subsets.push({ kernel: [], before: CONTEXT.EDGE, isMatch: false });
    const starts = [CONTEXT.EDGE, CONTEXT.WORD, CONTEXT.OTHER, CONTEXT.HIGH].map((before) =>
      this.#numberOf([this.#nfa.start], before, false),
    );
    const { classCount } = this.#classes;
    this.#rows[DEAD] = new Uint16Array(classCount);
    this.#rows[QUIT] = new Uint16Array(classCount).fill(QUIT);
    for (let state = 2; state < this.#subsets.length; state++) {
      const { maxStates, maxSteps } = this.#options;
      if (this.#subsets.length > maxStates || this.#steps > maxSteps) return undefined;
      this.#rows[state] = this.#row(this.#subsets[state] as Subset);
    }
    return this.#table(starts);
  }

  #numberOf(kernel: readonly number[], before: Context, isMatch: boolean): number {
    if (kernel.length === 0 && !isMatch) return DEAD;
    const told = this.#seesBehind(kernel) ? before : CONTEXT.EDGE;
    const key = `${isMatch ? "!" : ""}${told}:${kernel.join(",")}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#subsets.push({ kernel, before: told, isMatch }) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** Can an assertion be asked before the next byte is consumed? If not, the byte before does not matter. */
  #seesBehind(kernel: readonly number[]): boolean {
    if (!this.#hasLook) return false;
    this.#seenMark++;
    const visit = (index: number): boolean => {
      if (this.#seen[index] === this.#seenMark) return false;
      this.#seen[index] = this.#seenMark;
      const state = this.#nfa.states[index] as NfaState;
      if (state.kind === "look") return true;
      return state.kind === "split" && state.alternatives.some(visit);
    };
    return kernel.some(visit);
  }

  #row(subset: Subset): Uint16Array {
    const { classCount, edgeClass } = this.#classes;
    const row = new Uint16Array(classCount);
    row[edgeClass] = this.#agreed(
      this.#closures(subset, CONTEXT.EDGE).map((closure) => this.#atEdge(closure)),
    );
    for (const [after, classes] of this.#classesByContext) {
      const rows = this.#closures(subset, after).map((closure) => this.#rowFrom(closure, classes));
      for (const index of classes)
        row[index] = this.#agreed(rows.map((possible) => possible[index] as number));
    }
    return row;
  }

  /** One closure for each way in which what lies beyond ASCII can turn out. */
  #closures(subset: Subset, after: Context): Closure[] {
    const closures: Closure[] = [];
    const first = sidesOf(subset.before);
    const second = sidesOf(after);
    if (!this.#hasLook) return [this.#closure(subset, after, first[0] as Side, second[0] as Side)];
    for (const before of first) {
      for (const behind of second) closures.push(this.#closure(subset, after, before, behind));
    }
    return closures;
  }

  #closure(subset: Subset, after: Context, before: Side, behind: Side): Closure {
    const left = { context: subset.before, side: before };
    const right = { context: after, side: behind };
    const consuming: number[] = [];
    let isMatch = false;
    this.#seenMark++;
    const mark = this.#seenMark;
    const { states } = this.#nfa;
    /** Places to visit, the preferred one on top. */
    const stack: number[] = [];
    for (const index of subset.kernel) {
      stack.push(index);
      while (stack.length > 0) {
        const at = stack.pop() as number;
        if (this.#seen[at] === mark) continue;
        this.#seen[at] = mark;
        this.#steps++;
        const state = states[at] as NfaState;
        if (state.kind === "match") {
          isMatch = true;
          // What is less preferred than a match is given up.
          if (this.#isLeftmost) return { isMatch, consuming };
        } else if (state.kind === "split") {
          for (let k = state.alternatives.length - 1; k >= 0; k--)
            stack.push(state.alternatives[k] as number);
        } else if (state.kind === "look") {
          if (holds(state.name, left, right)) stack.push(state.next);
        } else consuming.push(at);
      }
    }
    return { isMatch, consuming };
  }

  /** The state that follows in every case, or QUIT where that is not known. */
  #agreed(states: readonly number[]): number {
    const [first] = states;
    return states.every((state) => state === first) ? (first as number) : QUIT;
  }

  #atEdge({ isMatch }: Closure): number {
    return this.#numberOf([], CONTEXT.EDGE, isMatch);
  }

  /** The state behind a byte of each of these classes. */
  #rowFrom({ isMatch, consuming }: Closure, classes: readonly number[]): number[] {
    const kernels: number[][] = [];
    for (const index of classes) kernels[index] = [];
    for (const at of consuming) {
      const { edges } = this.#nfa.states[at] as NfaState & { kind: "bytes" };
      for (const { low, high, next } of edges) {
        for (let index = this.#orderOf[low] as number; index <= (this.#orderOf[high] as number); index++) {
          this.#steps++;
          const kernel = kernels[index];
          if (kernel !== undefined && !kernel.includes(next)) kernel.push(next);
        }
      }
    }
    const row: number[] = [];
    let previous: number[] = [];
    let state: number = DEAD;
    for (const index of classes) {
      const kernel = kernels[index] as number[];
      // Neighbours mostly lead to the same places.
      state = kernel.length > 0 && isEqual(kernel, previous) ? state : this.#behind(kernel, index, isMatch);
      row[index] = state;
      previous = kernel;
    }
    return row;
  }

  #behind(kernel: number[], index: number, isMatch: boolean): number {
    if (kernel.some((next) => this.#nfa.states[next]?.kind === "unknown")) return QUIT;
    if (!this.#isLeftmost) kernel.sort((a, b) => a - b);
    return this.#numberOf(kernel, this.#contexts[index] as Context, isMatch);
  }

  /** Numbers the states anew: those that tell of a match last. */
  #table(starts: readonly number[]): StateTable {
    const { classCount } = this.#classes;
    const stateCount = this.#subsets.length;
    const order = Array.from({ length: stateCount }, (_, state) => state);
    const isMatch = (state: number): boolean => this.#subsets[state]?.isMatch === true;
    const sorted = [...order.filter((state) => !isMatch(state)), ...order.filter(isMatch)];
    const numberOf = new Uint16Array(stateCount);
    for (const [number, state] of sorted.entries()) numberOf[state] = number;
    const next = new Uint16Array(stateCount * classCount);
    for (const [number, state] of sorted.entries()) {
      const row = this.#rows[state] as Uint16Array;
      for (let index = 0; index < classCount; index++) {
        next[number * classCount + index] = numberOf[row[index] as number] as number;
      }
    }
    const [edge, word, other, high] = starts.map((state) => numberOf[state] as number);
    return {
      stateCount,
      firstMatchState: sorted.filter((state) => !isMatch(state)).length,
      startStates: [edge as number, word as number, other as number, high as number],
      next,
    };
  }
}

/** The automaton that also passes over bytes before a match. A match that begins earlier is preferred. */
function startingAnywhere({ states, start }: ByteNfa): ByteNfa {
  const later = states.length;
  return {
    start: later,
    states: [
      ...states,
      { kind: "split", alternatives: [start, later + 1] },
      { kind: "bytes", edges: [{ low: 0, high: 0xff, next: later }] },
    ],
  };
}

const isEqual = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);
