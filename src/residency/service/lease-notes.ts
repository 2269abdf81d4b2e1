/** Records the leases of a kernel in its trace. */
import { nowMs } from "../../base/index.ts";
import type { RequestTrace } from "../requests/index.ts";

/** Follows the number of relaunches. */
export class LeaseNotes {
  readonly #trace: RequestTrace;
  /** The number of relaunches that are recorded, and when the last of them began. */
  #seen = 0;
  #beganMs = nowMs();

  constructor(trace: RequestTrace) {
    this.#trace = trace;
  }

  /** @param relaunches of the loop so far; smaller than before if the loop is new */
  look(relaunches: number, now: number): void {
    if (relaunches === this.#seen) return;
    if (relaunches > this.#seen) this.#trace.span("lease", this.#beganMs, now);
    this.#seen = relaunches;
    this.#beganMs = now;
  }
}
