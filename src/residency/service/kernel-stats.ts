/** Information and statistics of a resident kernel. */
import type { Quantiles } from "../launch/index.ts";
import type { Supervisor } from "../recovery/index.ts";
import type { Dispatcher } from "../requests/index.ts";
import type { StrategyName } from "../strategies/index.ts";

/** The result of `ResidentKernel.info`. After a loss, the device and the number of workgroups may change. */
export interface KernelInfo {
  /** The device's name. */
  readonly device: string;
  readonly strategy: StrategyName;
  /** Why this strategy was chosen. */
  readonly strategyReason: string;
  /** Whether the kernel currently ends after each batch of requests because others use the device too. */
  readonly isShared: boolean;
  /** Number of workgroups that share each request. */
  readonly workgroups: number;
  /** Size of the state in bytes. */
  readonly stateBytes: number;
}

/** Facts about a checkpoint that was taken. */
export interface CheckpointInfo {
  /** The file that was written, if any. */
  readonly file: string | undefined;
  /** Bytes of state. */
  readonly stateBytes: number;
  /**
   * Requests that were published but not answered at that moment. They continue where they were, also after a restore.
   */
  readonly requestsInFlight: number;
  /** How long requests waited for the checkpoint, in milliseconds. */
  readonly pausedMs: number;
}

/** The result of `ResidentKernel.stats()`. It counts the kernel's whole life, over all relaunches and recoveries. */
export interface KernelStats {
  /** Time from the call to the answer, measured on the host. */
  readonly roundTrip: Quantiles;
  /** Calls that were accepted. */
  readonly requests: number;
  /** Requests that were answered, whatever the answer. */
  readonly answered: number;
  /** Answered requests for which the kernel called fail(). */
  readonly failed: number;
  /** Calls that found no free slot and were pending for a while. */
  readonly waits: number;
  /** `tryCall`s that were refused because `maxPending` requests were pending. */
  readonly refused: number;
  /** Requests whose `timeoutMs` passed before their answer. */
  readonly timedOut: number;
  /** Requests that their signal cancelled. */
  readonly aborted: number;
  /** Requests that were given up because the kernel was lost repeatedly with them in flight. */
  readonly poisoned: number;
  /** Requests that are in a slot now. */
  readonly inFlight: number;
  /** Requests that are waiting for a slot now. */
  readonly pending: number;
  /** Polls of the kernel. */
  readonly polls: number;
  /** Ticks that the kernel has run: nanoseconds if the device has a clock, otherwise polls. */
  readonly ticks: number;
  /** Share of the ticks in which the kernel performed requests; 0..1. */
  readonly busyShare: number;
  /** Share of active threads while requests were performed, if the kernel calls countActive(); 0..1. */
  readonly activeLaneShare: number | undefined;
  /** Launches submitted to the device. */
  readonly launches: number;
  /** Launches with a lease: they end by themselves, and another launch continues. */
  readonly leases: number;
  /** Launches that continued where a parked launch stopped. */
  readonly relaunches: number;
  /** From the end of a lease to the beginning of the next launch, by the device's clock. Empty without a clock. */
  readonly leaseGap: Quantiles;
  readonly checkpoints: number;
  /** How long requests waited for a checkpoint. */
  readonly checkpointPause: Quantiles;
  readonly recoveries: number;
  /** Answered requests that were performed again after losses. */
  readonly replayed: number;
  /** Bytes of the journal since the last checkpoint. */
  readonly journalBytes: number;
}

/** Collects the statistics of a kernel. @param refused calls that were refused at once */
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
