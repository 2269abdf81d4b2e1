/**
 * Queues that are handed out one by one, each to one holder at a time.
 *
 * Invariants: a queue is either free or in exactly one lease; a queue that was ever handed out stays in `queues`, so
 * that closing the device drains it, whoever holds it then.
 */
import type { DeviceContext } from "../context/index.ts";
import type { QueueOfFamily } from "./logical-device.ts";
import { Queue } from "../submit/index.ts";

/** A compute queue of one's own. */
export interface QueueLease extends Disposable {
  readonly queue: Queue;
  /** Gives the queue back; what was submitted to it must have ended. A second call does nothing. */
  release(): void;
}

/** The queues of a device that can be leased. */
export class QueueLeases {
  /** Every queue that was handed out so far. */
  readonly queues = new Set<Queue>();
  readonly #context: DeviceContext;
  /** Never handed out, last one first. */
  readonly #unopened: QueueOfFamily[];
  readonly #free: Queue[] = [];

  constructor(context: DeviceContext, leasable: readonly QueueOfFamily[]) {
    this.#context = context;
    this.#unopened = leasable.toReversed();
  }

  /** @returns undefined when all are out */
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
