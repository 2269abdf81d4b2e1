/** From what was counted to shares: how many threads were at work, beside an estimate without running a kernel. */
import { type Kernel, workingShare } from "../analysis/index.ts";
import { NOTHING, type PhaseCounts } from "./counter-memory.ts";
import type { Phase } from "./phases.ts";

/** What was counted of a kernel. */
export interface Reading {
  /** The file or the name of the kernel. */
  readonly name: string;
  readonly kernel: Kernel;
  /** All phases of the kernel. */
  readonly phases: readonly Phase[];
  /** Of the phases that had counters, by their index. */
  readonly counts: ReadonlyMap<number, PhaseCounts>;
  /** How many times the kernel is to be run until all phases have had counters. */
  readonly partCount: number;
  readonly workgroupSize: number;
  readonly subgroupSize: number;
  /** Workgroups that ran anything. */
  readonly workgroups: number;
}

/** A phase as it was measured, beside what is estimated without running it. All shares are from 0 to 1. */
export interface PhaseUtilisation extends Pick<Phase, "kind" | "name" | "range"> {
  /** Threads that ran it, of all threads of the workgroup that had to wait for it. */
  readonly lanes: number;
  /** The same, as the static analysis estimates it: a single thread counts as such, all else as all threads. */
  readonly estimatedLanes: number;
  /** Threads that ran it, of the threads of the subgroups that ran it. */
  readonly subgroupLanes: number;
  /** Instructions of the workgroup's waiting time, of those of all phases. */
  readonly share: number;
}

/** What was measured of a kernel. */
export interface Utilisation {
  /** The file or the name of the kernel. */
  readonly kernel: string;
  readonly workgroupSize: number;
  readonly subgroupSize: number;
  /** Workgroups that were counted. */
  readonly workgroups: number;
  /** Phases that ran: the largest share first. */
  readonly phases: readonly PhaseUtilisation[];
  /** Of all these phases together, as in a phase. Undefined where nothing ran. */
  readonly lanes: number | undefined;
  readonly estimatedLanes: number | undefined;
}

/**
 * The utilisation of a kernel.
 *
 * @param readings of the kernel: one or several for each part of its phases, as a kernel may be made more than once
 */
export function utilisationOf(readings: readonly [Reading, ...Reading[]]): Utilisation {
  const [{ name, kernel, phases, workgroupSize, subgroupSize }] = readings;
  const counts = sumOf(readings);
  const of = ({ index }: Phase): PhaseCounts => counts.get(index) ?? NOTHING;
  const ran = phases.filter((phase) => of(phase).waits > 0);
  const waited = ran.reduce((sum, phase) => sum + of(phase).waits, 0);
  const rows = ran.map((phase): PhaseUtilisation => {
    const { lanes, passes, waits } = of(phase);
    return {
      kind: phase.kind,
      name: phase.name,
      range: phase.range,
      lanes: lanes / (waits * workgroupSize),
      estimatedLanes: estimateOf(kernel, phase, workgroupSize),
      subgroupLanes: lanes / (passes * subgroupSize),
      share: waits / waited,
    };
  });
  const mean = (share: (row: PhaseUtilisation) => number): number | undefined =>
    waited === 0 ? undefined : rows.reduce((sum, row) => sum + share(row) * row.share, 0);
  return {
    kernel: name,
    workgroupSize,
    subgroupSize,
    workgroups: Math.max(...readings.map(({ workgroups }) => workgroups)),
    phases: rows.toSorted((a, b) => b.share - a.share),
    lanes: mean(({ lanes }) => lanes),
    estimatedLanes: mean(({ estimatedLanes }) => estimatedLanes),
  };
}

/** What was counted of each phase, by its index. */
function sumOf(readings: readonly Reading[]): ReadonlyMap<number, PhaseCounts> {
  const sums = new Map<number, PhaseCounts>();
  for (const [index, { lanes, passes, waits }] of readings.flatMap(({ counts }) => [...counts])) {
    const sum = sums.get(index) ?? NOTHING;
    sums.set(index, { lanes: sum.lanes + lanes, passes: sum.passes + passes, waits: sum.waits + waits });
  }
  return sums;
}

function estimateOf(kernel: Kernel, { labels }: Phase, threads: number): number {
  const blocks = kernel.flow.order.filter((at) => labels.has(kernel.graph.blocks[at]?.label ?? 0));
  return workingShare(kernel, blocks, (at) => kernel.lanes.isSingle(at), threads);
}
