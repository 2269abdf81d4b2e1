/**
 * Two kernels of which one stays on the device, so that the other gets no room beside it: they take turns.
 *
 *     scan kernel    ══ stays ══╗ told to leave           ╔══ launched again by its next request ══
 *     match kernel              ╚══ batch ══╗══ batch ══╗ …╝                              time →
 *
 * Invariants: of the two queues one has requests in flight; queries of both are answered in the order in which they
 * were asked. So neither can keep the other waiting for ever.
 */
import type { ResidentLoop } from "../../residency/index.ts";
import type { RequestQueue } from "./request-queue.ts";

/** Lets the two queues take turns from now on. @param kernel the one that stays, which serves `staying` */
export function takeTurns(staying: RequestQueue, kernel: ResidentLoop, passing: RequestQueue): void {
  staying.mayGo = () => isItsTurn(staying, passing);
  passing.mayGo = () => {
    if (!isItsTurn(passing, staying)) return false;
    kernel.leave();
    return true;
  };
}

function isItsTurn(queue: RequestQueue, other: RequestQueue): boolean {
  if (!other.isAtRest) other.settle(); // perhaps nobody waits for what it has in flight
  if (!other.isAtRest) return false;
  if ((other.nextNumber ?? Infinity) > (queue.nextNumber ?? Infinity)) return true;
  other.send();
  return false;
}
