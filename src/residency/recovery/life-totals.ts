/** What a kernel has done in its whole life: on the instance that runs, and on those before it. */
import type { KernelInstance, KernelTotals } from "../kernel/index.ts";
import { TimeHistogram } from "../launch/index.ts";
import type { LaunchCounts } from "../strategies/index.ts";

/** Sums that only grow. */
export type Totals = KernelTotals & LaunchCounts;

/** Adds up what instances have done. */
export class LifeTotals {
  /** Of instances that were left. */
  #past: Totals = {
    launches: 0,
    relaunches: 0,
    ticks: 0,
    polls: 0,
    busyTicks: 0,
    activeLanes: 0,
    countedLanes: 0,
  };
  readonly #pastGaps = new TimeHistogram();
  /** The instance that was left last. What it did is in the past, while there is no other yet. */
  #left: KernelInstance | undefined;

  /** An instance is about to be left. */
  leave(instance: KernelInstance): void {
    this.#past = sumOf(this.#past, totalsOf(instance));
    this.#pastGaps.addAll(instance.loop.leaseGaps);
    this.#left = instance;
  }

  /** All that was done. @param instance the newest one */
  totals(instance: KernelInstance): Totals {
    return instance === this.#left ? this.#past : sumOf(this.#past, totalsOf(instance));
  }

  /** Times between two leases. */
  leaseGaps(instance: KernelInstance): TimeHistogram {
    const gaps = new TimeHistogram().addAll(this.#pastGaps);
    return instance === this.#left ? gaps : gaps.addAll(instance.loop.leaseGaps);
  }
}

function totalsOf(instance: KernelInstance): Totals {
  return { ...instance.totals, ...instance.loop.counts };
}

function sumOf(a: Totals, b: Totals): Totals {
  return {
    launches: a.launches + b.launches,
    relaunches: a.relaunches + b.relaunches,
    ticks: a.ticks + b.ticks,
    polls: a.polls + b.polls,
    busyTicks: a.busyTicks + b.busyTicks,
    activeLanes: a.activeLanes + b.activeLanes,
    countedLanes: a.countedLanes + b.countedLanes,
  };
}
