/** What a resident kernel tells of itself: how it runs, and what it has done. */
import type { Quantiles } from "../launch/index.ts";
import type { Supervisor } from "../recovery/index.ts";
import type { Dispatcher } from "../requests/index.ts";
import type { StrategyName } from "../strategies/index.ts";

/** What `ResidentKernel.info` tells. After a loss it may be another device, and another number of workgroups. */
export interface KernelInfo {
  /** The device's name. */
  readonly device: string;
  readonly strategy: StrategyName;
  /** Why this strategy was taken. */
  readonly strategyReason: string;
  /** Does the kernel end after each batch of requests now, because others use the device too? */
  readonly isShared: boolean;
  /** Workgroups that each request is spread over. */
  readonly workgroups: number;
  /** Bytes of state. */
  readonly stateBytes: number;
}

/** What `ResidentKernel.stats()` tells. It counts this kernel's whole life, over all relaunches and recoveries. */
export interface KernelStats {
  /** From the call to the answer, as the host sees it. */
  readonly roundTrip: Quantiles;
  /** Calls that were accepted. */
  readonly requests: number;
  /** Requests that were answered, whatever the answer. */
  readonly answered: number;
  /** Of the answered: those that the kernel answered with fail(). */
  readonly failed: number;
  /** Calls that found every slot taken and were pending for a while. */
  readonly waits: number;
  /** `tryCall`s that were refused because `maxPending` requests were pending. */
  readonly refused: number;
  /** Requests whose `timeoutMs` passed before their answer came. */
  readonly timedOut: number;
  /** Requests that their signal called off. */
  readonly aborted: number;
  /** Requests that were given up because the kernel was lost with them in hand. */
  readonly poisoned: number;
  /** Requests in a slot at this moment. */
  readonly inFlight: number;
  /** Requests that wait for a slot at this moment. */
  readonly pending: number;
  /** Looks of the kernel at its queue. */
  readonly polls: number;
  /** Ticks that the kernel has run: nanoseconds if the device has a clock, otherwise polls. */
  readonly ticks: number;
  /** Share of its ticks in which the kernel performed requests; 0..1. */
  readonly busyShare: number;
  /** Share of threads that were at work while requests were performed, where the kernel counts them; 0..1. */
  readonly activeLaneShare: number | undefined;
  /** Launches handed to the device. */
  readonly launches: number;
  /** Those of them that held a lease: they end by themselves, and another goes on. */
  readonly leases: number;
  /** Launches that went on where one that had parked stopped. */
  readonly relaunches: number;
  /** From the end of a lease to the beginning of the next launch, by the device's clock. None without a clock. */
  readonly leaseGap: Quantiles;
  readonly checkpoints: number;
  /** How long requests stood still for a checkpoint. */
  readonly checkpointPause: Quantiles;
  readonly recoveries: number;
  /** Answered requests that were performed again after losses. */
  readonly replayed: number;
  /** Bytes of the journal since the last checkpoint. */
  readonly journalBytes: number;
}

/** Gathers the statistics of a kernel. @param refused calls that were refused at once */
export function statsOf<Answer>(
  dispatcher: Dispatcher<Answer>,
  supervisor: Supervisor<Answer>,
  refused: number,
): KernelStats {
  const { counters: asked, pending, journal } = dispatcher;
  const { counters, totals, pauses, leaseGaps, instance } = supervisor;
  return {
    roundTrip: dispatcher.roundTrips.quantiles,
    requests: asked.requests,
    answered: asked.answered,
    failed: asked.failed,
    waits: asked.waits,
    refused,
    timedOut: pending.counters.timedOut,
    aborted: pending.counters.aborted,
    poisoned: asked.poisoned,
    inFlight: dispatcher.inFlightCount,
    pending: pending.waitingCount,
    polls: totals.polls,
    ticks: totals.ticks,
    busyShare: totals.ticks === 0 ? 0 : totals.busyTicks / totals.ticks,
    activeLaneShare: totals.countedLanes === 0 ? undefined : totals.activeLanes / totals.countedLanes,
    launches: totals.launches,
    leases: hasLeases(instance.loop.strategyName) ? totals.launches : 0,
    relaunches: totals.relaunches,
    leaseGap: leaseGaps.quantiles,
    checkpoints: counters.checkpoints,
    checkpointPause: pauses.quantiles,
    recoveries: counters.recoveries,
    replayed: counters.replayed,
    journalBytes: journal.usedBytes,
  };
}

function hasLeases(strategy: StrategyName): boolean {
  return strategy === "leased" || strategy === "continuous";
}
