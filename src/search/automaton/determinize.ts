/**
 * A nondeterministic automaton made deterministic, by the subset construction.
 *
 * A state stands for a list of places in the pattern and the byte before. Which of them live on is decided when the
 * next byte is seen, because only then all assertions are decided. Where an assertion depends on what a byte beyond
 * ASCII belongs to, all that is possible is tried. If it makes a difference, the state is QUIT.
 */
import type { StateTable } from "../contracts.ts";
import type { ByteClasses } from "./byte-classes.ts";
import type { ByteNfa, NfaState } from "./byte-nfa.ts";
import { type Closure, Closures, type Restart } from "./closures.ts";
import { CONTEXT, type Context, contextOf, DEAD, QUIT } from "./line-automaton.ts";

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

/** @returns undefined where the table would be larger than allowed */
export function determinize(
  nfa: ByteNfa,
  classes: ByteClasses,
  options: DeterminizeOptions,
): StateTable | undefined {
  return new Subsets(nfa, classes, options).build();
}

/** A state under construction. */
interface Subset {
  /** States of the NFA, before assertions are decided; in the order of preference. */
  readonly kernel: readonly number[];
  readonly before: Context;
  readonly isMatch: boolean;
}

/** Where a restart leads, for all classes of one context. */
interface RestartRow {
  /** By class. */
  readonly kernels: readonly (readonly number[])[];
  /** By class: the state, where nothing else is going on. One for those that tell of a match, one for the others. */
  readonly states: (number[] | undefined)[];
}

class Subsets {
  readonly #nfa: ByteNfa;
  readonly #classes: ByteClasses;
  readonly #options: DeterminizeOptions;
  readonly #isLeftmost: boolean;
  readonly #closures: Closures;
  readonly #subsets: Subset[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #rows: Uint16Array[] = [];
  readonly #restartRows = new Map<string, RestartRow>();
  /** The class of each byte as if the line feed were like any other: of bytes between two, it lies between theirs. */
  readonly #orderOf: Uint8Array;
  /** The context of each class but the edge. All are OTHER where there is no assertion. */
  readonly #contexts: Context[] = [];
  readonly #classesByContext = new Map<Context, number[]>();
  #stepCount = 0;

  constructor(nfa: ByteNfa, classes: ByteClasses, options: DeterminizeOptions) {
    this.#isLeftmost = options.order === "leftmost";
    this.#nfa = this.#isLeftmost ? startingAnywhere(nfa) : nfa;
    this.#classes = classes;
    this.#options = options;
    this.#closures = new Closures(this.#nfa, this.#isLeftmost ? this.#nfa.start : -1, this.#isLeftmost);
    const hasLook = nfa.states.some(({ kind }) => kind === "look");
    this.#orderOf = classes.byteClass.slice();
    this.#orderOf[LINE_FEED] = classes.lineFeedOrder;
    for (let byte = 0; byte < 256; byte++) {
      const index = classes.byteClass[byte] as number;
      if (byte === LINE_FEED || this.#contexts[index] !== undefined) continue;
      const context = hasLook ? contextOf(byte) : CONTEXT.OTHER;
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
      if (this.#subsets.length > maxStates || this.#stepCount + this.#closures.stepCount > maxSteps)
        return undefined;
      this.#rows[state] = this.#row(this.#subsets[state] as Subset);
    }
    return this.#table(starts);
  }

  #numberOf(kernel: readonly number[], before: Context, isMatch: boolean): number {
    if (kernel.length === 0 && !isMatch) return DEAD;
    const told = this.#closures.seesBehind(kernel) ? before : CONTEXT.EDGE;
    const key = `${isMatch ? "!" : ""}${told}:${kernel.join(",")}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#subsets.push({ kernel, before: told, isMatch }) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #row({ kernel, before }: Subset): Uint16Array {
    const { classCount, edgeClass } = this.#classes;
    const row = new Uint16Array(classCount);
    const atEdge = this.#closures.list(kernel, before, CONTEXT.EDGE);
    row[edgeClass] = agreed(
      atEdge.map(({ isMatch, isUnknown }) => (isUnknown ? QUIT : this.#numberOf([], CONTEXT.EDGE, isMatch))),
    );
    for (const [after, classes] of this.#classesByContext) {
      const rows = this.#closures.list(kernel, before, after).map((closure) => this.#rowFrom(closure, after));
      for (const index of classes) row[index] = agreed(rows.map((possible) => possible[index] as number));
    }
    return row;
  }

  /** The states behind the bytes of a context, by class. */
  #rowFrom({ isMatch, isUnknown, consuming, restart }: Closure, after: Context): number[] {
    const classes = this.#classesByContext.get(after) as number[];
    if (isUnknown) return Array.from({ length: this.#classes.classCount }, () => QUIT);
    const restartRow = this.#restartRow(restart, after);
    // Most classes lead nowhere but to where a new match may begin.
    const row = this.#restartStates(restartRow, classes, isMatch).slice();
    if (consuming.length === 0) return row;
    const kernels = this.#targets(consuming);
    let previous: number[] = [];
    let state: number = DEAD;
    for (const index of classes) {
      const kernel = kernels[index];
      if (kernel === undefined) continue;
      for (const next of restartRow.kernels[index] as readonly number[]) addTo(kernel, next);
      // Neighbours mostly lead to the same places.
      if (!isEqual(kernel, previous)) state = this.#behind(kernel, index, isMatch);
      row[index] = state;
      previous = kernel;
    }
    return row;
  }

  /** Where states lead, for each class that one of them knows. */
  #targets(consuming: readonly number[]): (number[] | undefined)[] {
    const kernels: (number[] | undefined)[] = [];
    for (const at of consuming) {
      const { edges } = this.#nfa.states[at] as NfaState & { kind: "bytes" };
      for (const { low, high, next } of edges) {
        const last = this.#orderOf[high] as number;
        for (let index = this.#orderOf[low] as number; index <= last; index++) {
          this.#stepCount++;
          const kernel = kernels[index];
          if (kernel === undefined) kernels[index] = [next];
          else addTo(kernel, next);
        }
      }
    }
    return kernels;
  }

  #restartRow(restart: Restart | undefined, after: Context): RestartRow {
    const key = restart === undefined ? "none" : `${after}:${restart.id}`;
    let row = this.#restartRows.get(key);
    if (row === undefined) {
      const targets = this.#targets(restart?.consuming ?? []);
      const kernels = Array.from({ length: this.#classes.classCount }, (_, index) => targets[index] ?? []);
      row = { kernels, states: [] };
      this.#restartRows.set(key, row);
    }
    return row;
  }

  #restartStates(row: RestartRow, classes: readonly number[], isMatch: boolean): number[] {
    const which = isMatch ? 1 : 0;
    const states = (row.states[which] ??= []);
    for (const index of classes)
      states[index] ??= this.#behind([...(row.kernels[index] ?? [])], index, isMatch);
    return states;
  }

  #behind(kernel: number[], index: number, isMatch: boolean): number {
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

/** The state that follows in every case, or QUIT where that is not known. */
function agreed(states: readonly number[]): number {
  const [first] = states;
  return states.length === 1 || states.every((state) => state === first) ? (first as number) : QUIT;
}

function addTo(list: number[], value: number): void {
  if (!list.includes(value)) list.push(value);
}

const isEqual = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);
