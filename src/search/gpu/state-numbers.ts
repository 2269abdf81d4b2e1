/**
 * The order of an automaton's states on the device: what most text leads to comes first.
 *
 *     DEAD, QUIT, LOST │ forward: from a line's start without a match, by ASCII │ the others of ASCII │ … │ the rest
 */
import type { LineAutomaton, StateTable } from "../contracts.ts";
import { DEAD, QUIT } from "../automaton/index.ts";
import { MatchTable } from "./scan.schema.ts";

/** States numbered anew. */
export interface StateNumbers {
  /** The new number of each state. */
  readonly numberOf: Uint16Array;
  /** The state with each number; −1 where there is none. */
  readonly stateOf: Int16Array;
  /** Numbers of the states that ASCII leads to from a line's start before anything matches, from 0. */
  readonly asciiCount: number;
  /** Numbers of all states that text of ASCII leads to, from 0. */
  readonly hotCount: number;
  /** Numbers among which are all states that any text leads to from a line's start before anything matches, from 0. */
  readonly searchCount: number;
}

/** Gives numbers away, one after the other. */
class Numbering {
  readonly numberOf: Uint16Array;
  readonly stateOf: Int16Array;
  count: number = MatchTable.FIRST_STATE;
  readonly #table: StateTable;
  readonly #classCount: number;

  constructor(table: StateTable, classCount: number) {
    this.#table = table;
    this.#classCount = classCount;
    this.numberOf = new Uint16Array(table.stateCount);
    this.stateOf = new Int16Array(table.stateCount + 1).fill(-1);
    this.stateOf[MatchTable.DEAD] = DEAD;
    this.stateOf[MatchTable.QUIT] = QUIT;
    this.numberOf[QUIT] = MatchTable.QUIT;
  }

  /**
   * Numbers what is reached from `starts`, the nearest first.
   * @param isPassed may the search go on behind a state?
   */
  reach(starts: readonly number[], classes: readonly number[], isPassed: (state: number) => boolean): void {
    const isSeen = new Uint8Array(this.#table.stateCount);
    const queue: number[] = [];
    const visit = (state: number): void => {
      if (isSeen[state] === 1 || state === DEAD || state === QUIT || !isPassed(state)) return;
      isSeen[state] = 1;
      queue.push(state);
      this.give(state);
    };
    for (const state of starts) visit(state);
    for (let index = 0; index < queue.length; index++) {
      const row = (queue[index] as number) * this.#classCount;
      for (const each of classes) visit(this.#table.next[row + each] as number);
    }
  }

  give(state: number): void {
    if (state === DEAD || this.numberOf[state] !== 0) return;
    this.numberOf[state] = this.count;
    this.stateOf[this.count++] = state;
  }

  giveRest(): void {
    for (let state = 0; state < this.#table.stateCount; state++) this.give(state);
  }
}

function numberStates(automaton: LineAutomaton, table: StateTable): StateNumbers {
  const { classCount, edgeClass, asciiClassCount } = automaton;
  const ascii = [...Array.from({ length: asciiClassCount }, (_, index) => index), edgeClass];
  const all = Array.from({ length: classCount }, (_, index) => index);
  const numbering = new Numbering(table, classCount);
  const isNoMatch = (state: number): boolean => state < table.firstMatchState;
  const [lineStart] = table.startStates;
  numbering.reach([lineStart], ascii, isNoMatch);
  const asciiCount = numbering.count;
  numbering.reach(table.startStates, ascii, () => true);
  const hotCount = numbering.count;
  numbering.reach([lineStart], all, isNoMatch);
  const searchCount = numbering.count;
  numbering.giveRest();
  const { numberOf, stateOf } = numbering;
  return { numberOf, stateOf, asciiCount, hotCount, searchCount };
}

/** Numbers the states of the forward table. A line's first state is FIRST_STATE. */
export function numberForward(automaton: LineAutomaton): StateNumbers {
  return numberStates(automaton, automaton.forward);
}

/** Numbers the states of the reverse table. */
export function numberReverse(automaton: LineAutomaton): StateNumbers {
  return numberStates(automaton, automaton.reverse);
}
