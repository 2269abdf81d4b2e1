/**
 * Programs in memory, ordered by their last use.
 *
 * Invariants:
 * - A program with users is never destroyed here. A caller that waits for a program counts as a user as soon as the
 *   program is made.
 * - If there are more than `maxPrograms` programs, or they take more than `maxBytes`, unused programs are destroyed.
 *   The program that was unused for longest goes first.
 * - Each program is made once, however many callers ask for it at the same time.
 */

import type { ComputePipeline } from "../../vulkan/index.ts";
import type { Program } from "../sources/index.ts";

/** Estimated memory of a program beside its SPIR-V: objects, handles, and the module's description. */
const OVERHEAD_BYTES = 16 << 10;

/** The use of a pipeline. Release it once, when nothing that uses the pipeline is running. */
export interface ProgramLease extends Disposable {
  readonly pipeline: ComputePipeline;
  readonly program: Program;
  /** The program's name on disk. */
  readonly id: string;
  /** Ends the use. A second call does nothing. */
  release(): void;
}

/** A pipeline, and the data that it was made from. */
export interface MadeProgram {
  readonly pipeline: ComputePipeline;
  readonly program: Program;
}

interface Held extends MadeProgram {
  readonly id: string;
  readonly bytes: number;
  users: number;
}

/** How many unused programs, and how many of their bytes, stay in memory. */
export interface MemoryLimits {
  readonly maxPrograms: number;
  readonly maxBytes: number;
}
const NONE: MemoryLimits = { maxPrograms: 0, maxBytes: 0 };

/** The programs of one device in memory. */
export class HeldPrograms {
  /** Number of programs that were destroyed to free memory. */
  evictions = 0;
  /** Bytes of all held programs, without the driver's own memory. */
  bytes = 0;
  readonly #limits: MemoryLimits;
  /** In the order of their last use, the oldest first. */
  readonly #held = new Map<string, Held>();
  readonly #making = new Map<string, { waiting: number; readonly held: Promise<Held> }>();
  #isClosed = false;

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  get referenced(): number {
    return [...this.#held.values()].filter(({ users }) => users > 0).length;
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** How many callers wait for a program that is being made. */
  waitingFor(id: string): number {
    return this.#making.get(id)?.waiting ?? 0;
  }

  /** Leases a program that is in memory; undefined if it is not. */
  lease(id: string): ProgramLease | undefined {
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    held.users++;
    return this.#leaseOf(held);
  }

  /**
   * Leases a program that is not in memory. `make` makes it, unless an earlier caller is already making it.
   *
   * @throws the error of `make`, to every waiting caller
   */
  async leaseMade(
    id: string,
    make: () => Promise<MadeProgram>,
  ): Promise<{ lease: ProgramLease; isFirst: boolean }> {
    const making = this.#making.get(id) ?? { waiting: 0, held: this.#hold(id, make) };
    const isFirst = making.waiting === 0;
    this.#making.set(id, making);
    making.waiting++;
    try {
      return { lease: this.#leaseOf(await making.held), isFirst };
    } finally {
      this.#making.delete(id);
    }
  }

  /** Like `leaseMade`, for a program that `make` may not find. Callers of `leaseMade` do not wait for this one. */
  async leaseIfMade(
    id: string,
    make: () => Promise<MadeProgram | undefined>,
  ): Promise<ProgramLease | undefined> {
    const made = await make();
    if (made === undefined) return undefined;
    const lease = this.lease(id) ?? (await this.leaseMade(id, () => Promise.resolve(made))).lease;
    // A caller of `leaseMade` made the same program meanwhile. Keep only one of the two pipelines.
    if (lease.pipeline !== made.pipeline) made.pipeline[Symbol.dispose]();
    return lease;
  }

  /** Destroys all unused programs. */
  trim(): void {
    this.#evict(NONE);
  }

  /** Like `trim`. From now on, a program is destroyed as soon as it is released. */
  close(): void {
    this.#isClosed = true;
    this.trim();
  }

  async #hold(id: string, make: () => Promise<MadeProgram>): Promise<Held> {
    const { pipeline, program } = await make();
    const users = this.#making.get(id)?.waiting ?? 0;
    const held: Held = { id, pipeline, program, bytes: program.spirv.byteLength + OVERHEAD_BYTES, users };
    this.#held.set(id, held);
    this.bytes += held.bytes;
    return held;
  }

  #leaseOf(held: Held): ProgramLease {
    const { id, pipeline, program } = held;
    this.#held.delete(id);
    this.#held.set(id, held); // moves it to the end: last used
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      held.users--;
      this.#evict(this.#isClosed ? NONE : this.#limits);
    };
    this.#evict(this.#limits);
    return { pipeline, program, id, release, [Symbol.dispose]: release };
  }

  #evict({ maxPrograms, maxBytes }: MemoryLimits): void {
    const isWithin = (): boolean => this.#held.size <= maxPrograms && this.bytes <= maxBytes;
    if (isWithin()) return;
    for (const [id, { users, pipeline, bytes }] of this.#held) {
      if (users > 0) continue;
      this.#held.delete(id);
      this.bytes -= bytes;
      this.evictions++;
      pipeline[Symbol.dispose]();
      if (isWithin()) return;
    }
  }
}
