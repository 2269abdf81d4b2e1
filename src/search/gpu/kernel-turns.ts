/**
 * Kernels of which one stays on the device, so that the others get no room beside it: they take turns.
 *
 *     scan kernel    ══ stays ══╗ told to leave           ╔══ launched again by its next request ══
 *     others                    ╚══ batch ══╗══ batch ══╗ …╝                              time →
 *
 * Invariants: of the queues one has requests in flight; queries of all are answered in the order in which they were
 * asked. So none can keep the others waiting for ever.
 */
import type { ResidentLoop } from "../../residency/index.ts";

/** A queue of requests to a kernel. */
export interface TurnTaker {
  /** Has the kernel nothing in hand? */
  readonly isAtRest: boolean;
  /** Number of the query that the next request belongs to; undefined where nothing waits that could be sent. */
  readonly nextNumber: number | undefined;
  /** May the next request be sent? */
  mayGo: () => boolean;
  /** Takes the answers that have come, and sends nothing. */
  settle(): void;
  /** Sends waiting requests, in order, while there is room. */
  send(): void;
}

/** See the head of this file. */
export class KernelTurns {
  readonly #kernel: ResidentLoop;
  readonly #queues: TurnTaker[];

  /** @param kernel the one that stays, which serves `staying` */
  constructor(staying: TurnTaker, kernel: ResidentLoop) {
    this.#kernel = kernel;
    this.#queues = [staying];
  }

  /** Lets one more queue take turns from now on. */
  admit(passing: TurnTaker): void {
    const [staying] = this.#queues as [TurnTaker];
    this.#queues.push(passing);
    staying.mayGo = () => this.#isItsTurn(staying);
    passing.mayGo = () => {
      if (!this.#isItsTurn(passing)) return false;
      this.#kernel.leave();
      return true;
    };
  }

  #isItsTurn(queue: TurnTaker): boolean {
    for (const other of this.#queues) {
      if (other === queue) continue;
      if (!other.isAtRest) other.settle(); // perhaps nobody waits for what it has in flight
      if (!other.isAtRest) return false;
    }
    const own = queue.nextNumber ?? Infinity;
    const older = this.#queues.find((other) => (other.nextNumber ?? Infinity) < own);
    older?.send();
    return older === undefined;
  }
}
