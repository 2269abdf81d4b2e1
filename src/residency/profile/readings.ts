/** The results of probes as data. The profile file stores them, and reports print them. */
import type { MemoryRole } from "../../vulkan/index.ts";
import type { StrategyName } from "../strategies/index.ts";

/** Statistics of many repetitions: two numbers. */
export interface Times {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** The memory type that serves a role, and why. */
export interface RoleMemory {
  readonly role: MemoryRole;
  readonly type: number;
  /** A description of the type in a few words. */
  readonly kind: string;
  readonly heap: number;
  readonly heapBytes: number;
  readonly why: string;
}

/** The result of the doorbell litmus. */
export interface DoorbellReading {
  readonly memoryType: number;
  /** Whether a running kernel answered the host's stores to memory of this type, without a new launch. */
  readonly isSeen: boolean;
  readonly rounds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Polls of the idle kernel per millisecond; undefined if it did not run long enough to be watched. */
  readonly pollsPerMs?: number;
}

/** How many workgroups of a size are resident together. */
export interface OccupancyReading {
  readonly workgroupSize: number;
  readonly workgroupCount: number;
  /** False if the workgroups left before their number was constant for long enough: more may fit. */
  readonly isSettled: boolean;
}

/** How many kernels run side by side, each on its own queue. */
export interface NeighboursReading {
  /** Number of leasable queues. */
  readonly queues: number;
  /** Number of kernels that ran at the same time on these queues. */
  readonly together: number;
  /** Whether the main queue ran a dispatch meanwhile; undefined if no kernel ran. */
  readonly isMainFree: boolean | undefined;
}

/** How long a launch may last. */
export interface LeaseReading {
  /** The longest launch that ended by itself, in milliseconds. */
  readonly survivedMs: number;
  /** The launch that did not, in milliseconds. */
  readonly lostAtMs: number | undefined;
  /** Why no longer launch was tried. */
  readonly limit: string;
}

/** The cost of one dispatch, step by step, in microseconds. */
export interface DispatchCost {
  /** Recording the command buffer: begin, bind, push, dispatch, barrier, end. */
  readonly record: Times;
  /** The call of vkQueueSubmit. */
  readonly submit: Times;
  /** From the submission to the return of a wait for the fence. */
  readonly fenceWait: Times;
  /** From the submission to the answer in mapped memory, seen by a spinning host. */
  readonly answerSeen: Times;
  /** One check of a signaled fence. */
  readonly fencePoll: Times;
  /** Resetting the fence. */
  readonly fenceReset: Times;
}

/** The times of one request and its answer with one launch strategy. */
export interface RoundTrip {
  readonly strategy: StrategyName;
  /** Undefined if the strategy cannot be used. */
  readonly times: Times | undefined;
  /** Why the strategy cannot be used. */
  readonly reason: string | undefined;
}

/** The parts of a device's state that the persistence table covers. */
export const COMPONENTS = [
  "registers",
  "shared memory",
  "L2 contents",
  "device memory",
  "mapped memory",
  "pipelines",
  "driver's disk cache",
] as const;

/** One of `COMPONENTS`. */
export type Component = (typeof COMPONENTS)[number];

/** What may lie between writing state and reading it. */
export const GAPS = ["dispatch", "submission", "process"] as const;

/** One of `GAPS`. */
export type Gap = (typeof GAPS)[number];

/** Whether one component remains after one gap. */
export interface PersistenceCell {
  readonly gap: Gap;
  /** `by chance`: some of it remained, but nothing promises that. */
  readonly persists: "yes" | "no" | "by chance" | "unknown";
  /** The observation with its numbers, or why nothing could be observed. */
  readonly seen: string;
}

/** How long one component remains, and the cost of restoring it. */
export interface PersistenceRow {
  readonly component: Component;
  /** Its guaranteed lifetime. */
  readonly lifetime: string;
  readonly cells: readonly PersistenceCell[];
  /** The cost of restoring it in microseconds; undefined if it could not be measured. */
  readonly costUs: number | undefined;
  /** How it is restored, or why the cost is unknown. */
  readonly cost: string;
}

/** Traces that a process leaves for the next one. */
export interface Traces {
  readonly pid: number;
  /** Specialization constant of a pipeline that was never made before. */
  readonly variant: number;
  /** The time for making that pipeline and running it once, in microseconds. */
  readonly creationUs: number;
}

/** The results of the probes. Failed probes are absent. */
export interface DoctorReadings {
  /** The memory type of each role. */
  readonly memory: readonly RoleMemory[];
  /** The results of the litmus for every type that could hold doorbells. */
  readonly doorbells: readonly DoorbellReading[];
  readonly occupancy: readonly OccupancyReading[];
  /** How many kernels run side by side, each on its own queue. */
  readonly neighbours: NeighboursReading;
  readonly lease: LeaseReading;
  readonly dispatchCost: DispatchCost;
  readonly roundTrips: readonly RoundTrip[];
  /** The traces that this process left for the next one. They are no result themselves. */
  readonly traces: Traces;
  readonly persistence: readonly PersistenceRow[];
}

/** The name of a probe of the doctor. */
export type ProbeName = keyof DoctorReadings;
