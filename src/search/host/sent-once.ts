/** The automata that the threads know, by number: each is sent once, and forgotten when many others came after it. */
import { EverwarpError } from "../../base/index.ts";
import type { LineAutomaton } from "../contracts.ts";
import { makeMatchProgram, matchProgramBytes } from "../line-kernel/index.ts";
import type { ThreadOrder } from "./host-protocol.ts";
import { AUTOMATON_AREA_BYTES } from "./host-sink.ts";

/** So many automata are kept. */
const KEPT_COUNT = 64;

/** The automata of one backend. */
export class HostAutomata {
  /** Numbers from 1, those that were used last at the end. */
  readonly #numbers = new Map<LineAutomaton, number>();
  readonly #tell: (order: ThreadOrder) => void;
  #lastNumber = 0;

  /** @param tell sends an order to all threads */
  constructor(tell: (order: ThreadOrder) => void) {
    this.#tell = tell;
  }

  /**
   * The number of an automaton, which all threads know or will.
   * @param isInFlight is a query under way that needs the automaton of this number?
   * @throws EW_REQUEST_TOO_LARGE
   */
  numberOf(automaton: LineAutomaton, isInFlight: (number: number) => boolean): number {
    const known = this.#numbers.get(automaton);
    const number = known ?? this.#send(automaton);
    this.#numbers.delete(automaton);
    this.#numbers.set(automaton, number);
    if (known === undefined) this.#forget(number, isInFlight);
    return number;
  }

  #send(automaton: LineAutomaton): number {
    const size = matchProgramBytes(automaton);
    if (size > AUTOMATON_AREA_BYTES) {
      throw new EverwarpError(
        "EW_REQUEST_TOO_LARGE",
        `the tables of an automaton take ${size} bytes; ${AUTOMATON_AREA_BYTES} fit`,
        { remedy: "Compile the pattern with smaller limits, or search with its literals and verify." },
      );
    }
    const program = new Uint32Array(new SharedArrayBuffer(size));
    program.set(makeMatchProgram(automaton));
    const id = ++this.#lastNumber;
    this.#tell({ kind: "automaton", automaton: { id, program } });
    return id;
  }

  #forget(newest: number, isInFlight: (number: number) => boolean): void {
    for (const [automaton, id] of this.#numbers) {
      if (this.#numbers.size <= KEPT_COUNT) return;
      if (id === newest || isInFlight(id)) continue;
      this.#numbers.delete(automaton);
      this.#tell({ kind: "forget", id });
    }
  }
}
