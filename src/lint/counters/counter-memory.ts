/**
 * Where counters lie: a record for each workgroup, of 64-bit words.
 *
 *     record    meetings[2][phase]  the latest clocks that subgroups brought to even, and to odd barriers
 *               for each subgroup
 *                 lanes[phase]      instructions that its threads ran
 *                 passes[phase]     instructions that it ran: threads that run together count once
 *                 waits[phase]      instructions that it waited through at barriers
 *
 * The clock of a phase in a subgroup is passes + waits. At a barrier a subgroup waits for the latest clock of its
 * workgroup. So the latest clock at the end is the number of instructions of a phase that the workgroup had to wait
 * through. Clocks only grow, so two meetings in turn will do: a subgroup that is already at the next barrier brings its
 * clocks to the other one.
 */

/** Bytes of a counter. */
export const WORD_BYTES = 8;

/** The sizes of counters. */
export class CounterLayout {
  readonly phases: number;
  readonly subgroups: number;
  readonly workgroups: number;

  constructor(sizes: { phases: number; subgroups: number; workgroups: number }) {
    this.phases = sizes.phases;
    this.subgroups = sizes.subgroups;
    this.workgroups = sizes.workgroups;
  }

  /** Bytes of a list of a counter for each phase. */
  get listBytes(): number {
    return this.phases * WORD_BYTES;
  }

  /** Where the subgroups begin. */
  get subgroupsAt(): number {
    return 2 * this.listBytes;
  }

  /** Bytes of a subgroup: lanes, then passes, then waits. */
  get subgroupBytes(): number {
    return 3 * this.listBytes;
  }

  get recordBytes(): number {
    return this.subgroupsAt + this.subgroups * this.subgroupBytes;
  }

  get sizeBytes(): number {
    return this.workgroups * this.recordBytes;
  }
}

/** What was counted of a phase: sums over workgroups. */
export interface PhaseCounts {
  /** Instructions that threads ran. */
  readonly lanes: number;
  /** Instructions that subgroups ran. */
  readonly passes: number;
  /** Instructions that workgroups waited through. */
  readonly waits: number;
}

/** Of a phase that did not run. */
export const NOTHING: PhaseCounts = { lanes: 0, passes: 0, waits: 0 };

/** Sums up counters: of each phase, and how many workgroups ran any of them. */
export function readCounters(
  layout: CounterLayout,
  memory: BigUint64Array,
): { readonly counts: readonly PhaseCounts[]; readonly workgroups: number } {
  const { phases, recordBytes, subgroupsAt } = layout;
  const counts = Array.from({ length: phases }, () => ({ ...NOTHING }));
  let workgroups = 0;
  for (let workgroup = 0; workgroup < layout.workgroups; workgroup++) {
    const first = (workgroup * recordBytes + subgroupsAt) / WORD_BYTES;
    const own = memory.subarray(first, first + layout.subgroups * 3 * phases);
    const added = counts.map((sum, phase) => {
      const { lanes, passes, waits } = countsIn(own, phase, phases);
      sum.lanes += lanes;
      sum.passes += passes;
      sum.waits += waits;
      return lanes;
    });
    if (added.some((lanes) => lanes > 0)) workgroups++;
  }
  return { counts, workgroups };
}

/** The counts of a phase in the subgroups of a workgroup. */
function countsIn(memory: BigUint64Array, phase: number, phases: number): PhaseCounts {
  let [lanes, passes, latest] = [0, 0, 0];
  for (let at = phase; at < memory.length; at += 3 * phases) {
    const ran = Number(memory[at + phases] ?? 0n);
    lanes += Number(memory[at] ?? 0n);
    passes += ran;
    latest = Math.max(latest, ran + Number(memory[at + 2 * phases] ?? 0n));
  }
  return { lanes, passes, waits: latest };
}
