/**
 * Compute queues that are leased to one holder at a time.
 *
 * Invariants: a queue is either free or in exactly one lease. A queue that was ever leased stays in `queues`. So
 * closing the device waits for that queue, whoever holds it.
 */
import type { DeviceContext } from "../context/index.ts";
import type { QueueOfFamily } from "./logical-device.ts";
import { Queue } from "../submit/index.ts";

/** The exclusive use of a compute queue. */
export interface QueueLease extends Disposable {
  readonly queue: Queue;
  /** Gives the queue back. Everything submitted to the queue must have ended. A second call does nothing. */
  release(): void;
}

/** The queues of a device that can be leased. */
export class QueueLeases {
  /** Every queue that was ever leased. */
  readonly queues = new Set<Queue>();
  readonly #context: DeviceContext;
  /** Queues that were never leased; the last element is the next to lease. */
  readonly #unopened: QueueOfFamily[];
  readonly #free: Queue[] = [];

  constructor(context: DeviceContext, leasable: readonly QueueOfFamily[]) {
    this.#context = context;
    this.#unopened = leasable.toReversed();
  }

  /** @returns undefined if all queues are leased */
  take(): QueueLease | undefined {
    const queue = this.#free.pop() ?? this.#open();
    if (queue === undefined) return undefined;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.#free.push(queue);
      isHeld = false;
    };
    return { queue, release, [Symbol.dispose]: release };
  }

  #open(): Queue | undefined {
    const next = this.#unopened.pop();
    if (next === undefined) return undefined;
    const queue = new Queue(this.#context, next.family, next.index);
    this.queues.add(queue);
    return queue;
  }
}
