/**
 * Where counters lie: a record for each workgroup, of 64-bit words.
 *
 *     record    lanes[phase]      instructions that threads ran
 *               passes[phase]     instructions that subgroups ran: those of their threads that run together count once
 *               meetings[2][phase]  the latest clocks that subgroups brought to even, and to odd barriers
 *               clocks[subgroup][phase]
 *
 * A clock counts the instructions of a phase that a subgroup ran. At a barrier all subgroups of a workgroup take over
 * the latest clock of each phase, because the others wait for it. So the latest clock of a workgroup is the number of
 * instructions of a phase that the workgroup had to wait through. Clocks only grow, so two meetings in turn will do: a
 * subgroup that is already at the next barrier brings its clocks to the other one.
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

  get lanesAt(): number {
    return 0;
  }

  get passesAt(): number {
    return this.phases * WORD_BYTES;
  }

  get meetingsAt(): number {
    return 2 * this.phases * WORD_BYTES;
  }

  get clocksAt(): number {
    return this.meetingsAt + 2 * this.clocksBytes;
  }

  /** Bytes of the clocks of a subgroup. */
  get clocksBytes(): number {
    return this.phases * WORD_BYTES;
  }

  get recordBytes(): number {
    return this.clocksAt + this.subgroups * this.clocksBytes;
  }

  get sizeBytes(): number {
    return this.workgroups * this.recordBytes;
  }
}

/** What was counted: sums over workgroups, by phase. */
export interface Counts {
  /** Instructions that threads ran. */
  readonly lanes: readonly number[];
  /** Instructions that subgroups ran. */
  readonly passes: readonly number[];
  /** Instructions that workgroups waited through. */
  readonly waits: readonly number[];
  /** Workgroups that ran anything. */
  readonly workgroups: number;
}

/** Sums up counters. */
export function readCounters(layout: CounterLayout, memory: BigUint64Array): Counts {
  const { phases, subgroups } = layout;
  const lanes = new Array<number>(phases).fill(0);
  const passes = new Array<number>(phases).fill(0);
  const waits = new Array<number>(phases).fill(0);
  let workgroups = 0;
  for (let workgroup = 0; workgroup < layout.workgroups; workgroup++) {
    const at = (workgroup * layout.recordBytes) / WORD_BYTES;
    const word = (offsetBytes: number, index: number): number =>
      Number(memory[at + offsetBytes / WORD_BYTES + index] ?? 0n);
    let ran = 0;
    for (let phase = 0; phase < phases; phase++) {
      const own = word(layout.lanesAt, phase);
      ran += own;
      lanes[phase] = (lanes[phase] ?? 0) + own;
      passes[phase] = (passes[phase] ?? 0) + word(layout.passesAt, phase);
      let latest = 0;
      for (let subgroup = 0; subgroup < subgroups; subgroup++)
        latest = Math.max(latest, word(layout.clocksAt, subgroup * phases + phase));
      waits[phase] = (waits[phase] ?? 0) + latest;
    }
    if (ran > 0) workgroups++;
  }
  return { lanes, passes, waits, workgroups };
}
