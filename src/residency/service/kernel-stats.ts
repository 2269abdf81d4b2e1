/** What a resident kernel tells of itself. */
import type { Quantiles } from "../launch/index.ts";

/** What `ResidentKernel.stats()` tells. Counts are of this kernel's whole life, over all its relaunches and recoveries. */
export interface KernelStats {
  /** From the call to the answer, as the host sees it. */
  readonly roundTrip: Quantiles;
  /** Calls that were accepted. */
  readonly requests: number;
  /** Requests that were answered, whatever the answer. */
  readonly answered: number;
  /** Of the answered: those that the kernel answered with fail(). */
  readonly failed: number;
  /** Calls that found every slot taken and had to wait in the host's line. */
  readonly waits: number;
  /** `tryCall`s that were refused because the line was full. */
  readonly refused: number;
  readonly deadlinesExceeded: number;
  readonly aborted: number;
  readonly poisoned: number;
  /** In a slot, and in the host's line, at this moment. */
  readonly inFlight: number;
  readonly waiting: number;
  /** Looks of the kernel at its queue. */
  readonly polls: number;
  /** Ticks that the kernel has run: nanoseconds where the device has a clock, else polls. */
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
  /** From the end of a lease to the beginning of the next launch, by the device's clock, of those that were seen; none where it has none. */
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
