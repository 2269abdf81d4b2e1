/** The totals of a kernel's whole life: of the current instance and of all earlier ones. */
import type { KernelInstance, KernelTotals } from "../kernel/index.ts";
import { TimeHistogram } from "../launch/index.ts";
import type { LaunchCounts } from "../strategies/index.ts";

/** Totals, which only grow. */
export type Totals = KernelTotals & LaunchCounts;

/** Adds up the totals of all instances. */
export class LifeTotals {
  /** The totals of earlier instances. */
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
  /** The last instance that was left. Its totals are in `#past` already, even while there is no new instance. */
  #left: KernelInstance | undefined;

  /** Notes that an instance is about to be left. */
  leave(instance: KernelInstance): void {
    this.#past = sumOf(this.#past, totalsOf(instance));
    this.#pastGaps.addAll(instance.loop.leaseGaps);
    this.#left = instance;
  }

  /** The totals over all instances. @param instance the newest one */
  totals(instance: KernelInstance): Totals {
    return instance === this.#left ? this.#past : sumOf(this.#past, totalsOf(instance));
  }

  /** Times between two leases over all instances. */
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
