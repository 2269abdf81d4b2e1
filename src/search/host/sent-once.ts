/** Things that threads are sent once, when they are first needed, and that they forget when many others came after. */
import type { CompiledModule } from "../../threads/index.ts";
import { WebAssemblyRuntime } from "../../threads/index.ts";
import { EverwarpError } from "../../base/index.ts";
import { filterModule } from "../bitstream/index.ts";
import type { ByteFilter, LineAutomaton } from "../contracts.ts";
import { makeMatchProgram, matchProgramBytes } from "../line-kernel/index.ts";
import type { ThreadFilter } from "./candidates.ts";
import type { ThreadOrder } from "./host-protocol.ts";
import { AUTOMATON_AREA_BYTES } from "./host-sink.ts";
import type { ThreadAutomaton } from "./unit-matcher.ts";

/** So many things are kept. */
const KEPT_COUNT = 64;

/** How a kind of thing is sent. */
interface Sending<T> {
  /** @throws what makes it impossible to send */
  send(thing: T, id: number): ThreadOrder;
  forget(id: number): ThreadOrder;
}

/** The things of one kind that the threads of one backend have. */
export class SentOnce<T extends object> {
  /** Numbers from 1, those that were used last at the end. */
  readonly #numbers = new Map<T, number>();
  readonly #sending: Sending<T>;
  readonly #tell: (order: ThreadOrder) => void;
  #lastNumber = 0;

  /** @param tell sends an order to all threads */
  constructor(sending: Sending<T>, tell: (order: ThreadOrder) => void) {
    this.#sending = sending;
    this.#tell = tell;
  }

  /**
   * The number of a thing, which all threads know or will.
   * @param isInFlight is a query under way that needs the thing of this number?
   */
  numberOf(thing: T, isInFlight: (number: number) => boolean): number {
    const known = this.#numbers.get(thing);
    const number = known ?? this.#lastNumber + 1;
    if (known === undefined) this.#tell(this.#sending.send(thing, number));
    this.#lastNumber = Math.max(this.#lastNumber, number);
    this.#numbers.delete(thing);
    this.#numbers.set(thing, number);
    if (known === undefined) this.#forget(number, isInFlight);
    return number;
  }

  /** The threads forget everything. Only where no query is in flight. */
  forgetAll(): void {
    for (const id of this.#numbers.values()) this.#tell(this.#sending.forget(id));
    this.#numbers.clear();
  }

  #forget(newest: number, isInFlight: (number: number) => boolean): void {
    for (const [thing, id] of this.#numbers) {
      if (this.#numbers.size <= KEPT_COUNT) return;
      if (id === newest || isInFlight(id)) continue;
      this.#numbers.delete(thing);
      this.#tell(this.#sending.forget(id));
    }
  }
}

/** Automata, as programs of the match kernel. */
export const AUTOMATA: Sending<LineAutomaton> = {
  send(automaton, id) {
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
    const value: ThreadAutomaton = { id, program };
    return { kind: "automaton", id, value };
  },
  forget: (id) => ({ kind: "forget", what: "automaton", id }),
};

/** Filters, as compiled modules. */
export const FILTERS: Sending<ByteFilter> = {
  send(filter, id) {
    const module: CompiledModule = new WebAssemblyRuntime.Module(filterModule(filter));
    const value: ThreadFilter = { id, module, seesLineStart: filter.seesLineStart };
    return { kind: "filter", id, value };
  },
  forget: (id) => ({ kind: "forget", what: "filter", id }),
};
