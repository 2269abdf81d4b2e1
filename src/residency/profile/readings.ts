/** What the probes tell of a device, as data: the profile file keeps these, reports print them. */
import type { MemoryRole } from "../../vulkan/index.ts";
import type { StrategyName } from "../strategies/index.ts";

/** Times of many repetitions, told in two numbers. */
export interface Times {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** The memory type that serves a role, and why. */
export interface RoleMemory {
  readonly role: MemoryRole;
  readonly type: number;
  /** What the type is, in a few words. */
  readonly kind: string;
  readonly heap: number;
  readonly heapBytes: number;
  readonly why: string;
}

/** What the doorbell litmus saw. */
export interface DoorbellReading {
  readonly memoryType: number;
  /** Did a running kernel answer what the host wrote to memory of this type, without being launched anew? */
  readonly isSeen: boolean;
  readonly rounds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Polls of the idle kernel a millisecond; undefined where it did not live long enough to be watched. */
  readonly pollsPerMs?: number;
}

/** How many workgroups of a size a device keeps resident together. */
export interface OccupancyReading {
  readonly workgroupSize: number;
  readonly workgroupCount: number;
  /** False where they left before the host had seen their number stand still: there may be more. */
  readonly isSettled: boolean;
}

/** How many kernels stay side by side, each on a queue of its own. */
export interface NeighboursReading {
  /** Queues that can be leased. */
  readonly queues: number;
  /** Kernels that were seen there at the same time, on those queues. */
  readonly together: number;
  /** Did the main queue run a dispatch meanwhile? Undefined where nobody was there. */
  readonly isMainFree: boolean | undefined;
}

/** How long a launch may last. */
export interface LeaseReading {
  /** The longest launch that came to its own end. */
  readonly survivedMs: number;
  /** The launch that did not. */
  readonly lostAtMs: number | undefined;
  /** Why no longer one was tried. */
  readonly limit: string;
}

/** What one dispatch costs, layer by layer, in microseconds. */
export interface DispatchCost {
  /** Writing the command buffer: begin, bind, push, dispatch, barrier, end. */
  readonly record: Times;
  /** Handing it over. */
  readonly submit: Times;
  /** From there to the return of a wait for the fence. */
  readonly fenceWait: Times;
  /** From there to the answer in mapped memory, seen by a host that spins. */
  readonly answerSeen: Times;
  /** One look at the fence, after it was signaled. */
  readonly fencePoll: Times;
  /** Making the fence ready for the next time. */
  readonly fenceReset: Times;
}

/** The times of one request and its answer with one launch strategy. */
export interface RoundTrip {
  readonly strategy: StrategyName;
  /** Undefined where the strategy cannot be used. */
  readonly times: Times | undefined;
  /** Why not. */
  readonly reason: string | undefined;
}

/** The parts of a device's state that the persistence table looks at. */
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

/** What may pass between the writing of state and the look at it. */
export const GAPS = ["dispatch", "submission", "process"] as const;

/** One of `GAPS`. */
export type Gap = (typeof GAPS)[number];

/** Whether one component persists over one gap. */
export interface PersistenceCell {
  readonly gap: Gap;
  /** `by chance`: something was there, and nobody promises it. */
  readonly persists: "yes" | "no" | "by chance" | "unknown";
  /** What was seen, with its numbers; or why nothing could be. */
  readonly seen: string;
}

/** How one component persists, and what it costs to have it again. */
export interface PersistenceRow {
  readonly component: Component;
  /** How long it is there by right. */
  readonly lifetime: string;
  readonly cells: readonly PersistenceCell[];
  /** µs to have it again; undefined where that could not be measured. */
  readonly costUs: number | undefined;
  /** How it is had again, or why the cost is unknown. */
  readonly cost: string;
}

/** What a process left behind for the next one to look for. */
export interface Traces {
  readonly pid: number;
  /** Specialization constant of a pipeline that nobody made before. */
  readonly variant: number;
  /** What it took to make that pipeline, and to run it once. */
  readonly creationUs: number;
}

/** What the probes found; those that failed are not there. */
export interface DoctorReadings {
  /** The memory type of each role. */
  readonly memory: readonly RoleMemory[];
  /** The litmus, for every type that could hold doorbells. */
  readonly doorbells: readonly DoorbellReading[];
  readonly occupancy: readonly OccupancyReading[];
  /** How many kernels stay side by side, each on a queue of its own. */
  readonly neighbours: NeighboursReading;
  readonly lease: LeaseReading;
  readonly dispatchCost: DispatchCost;
  readonly roundTrips: readonly RoundTrip[];
  /** What this process left for the next one to look for: no finding of its own. */
  readonly traces: Traces;
  readonly persistence: readonly PersistenceRow[];
}

/** The name of a probe of the doctor. */
export type ProbeName = keyof DoctorReadings;
