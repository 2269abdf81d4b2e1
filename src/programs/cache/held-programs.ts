/**
 * Programs in memory, by how long they were not used.
 *
 * Invariants: a program with users is never destroyed here; who waits for one that is being made is a user of it from
 * the moment that it is made. Of the others, those that were not used for longest go first, when there are more than
 * `maxPrograms` or they take more than `maxBytes`. What is being made is made once, however many ask.
 */

import type { ComputePipeline } from "../../vulkan/index.ts";
import type { Program } from "../sources/index.ts";

/** A program's part of memory beside its SPIR-V: objects, handles, what the module says of itself. */
const OVERHEAD_BYTES = 16 << 10;

/** A pipeline in use. Let go of it once, when nothing that uses it is running. */
export interface ProgramLease extends Disposable {
  readonly pipeline: ComputePipeline;
  readonly program: Program;
  /** What the program is known by on disk. */
  readonly id: string;
  /** Lets the pipeline go. A second call does nothing. */
  release(): void;
}

/** A pipeline with what it was made from. */
export interface MadeProgram {
  readonly pipeline: ComputePipeline;
  readonly program: Program;
}

interface Held extends MadeProgram {
  readonly id: string;
  readonly bytes: number;
  users: number;
}

/** How many programs, and how many bytes of them, stay in memory while nobody uses them. */
export interface MemoryLimits {
  readonly maxPrograms: number;
  readonly maxBytes: number;
}
const NONE: MemoryLimits = { maxPrograms: 0, maxBytes: 0 };

/** The programs of one device in memory. */
export class HeldPrograms {
  /** Programs that were let go of. */
  evictions = 0;
  /** Of all that are held, beyond the driver's own. */
  bytes = 0;
  readonly #limits: MemoryLimits;
  /** In the order of their last use, oldest first. */
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

  /** How many wait for a program that is being made. */
  waitingFor(id: string): number {
    return this.#making.get(id)?.waiting ?? 0;
  }

  /** A program that is here, in use from now on. */
  lease(id: string): ProgramLease | undefined {
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    held.users++;
    return this.#leaseOf(held);
  }

  /**
   * A program that is not here: made by `make`, or by the one who asked first.
   *
   * @throws what `make` throws, to all who wait
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

  /** As `leaseMade`, for what may not be there to be made; who asks in the meantime makes it another way. */
  async leaseIfMade(
    id: string,
    make: () => Promise<MadeProgram | undefined>,
  ): Promise<ProgramLease | undefined> {
    const made = await make();
    if (made === undefined) return undefined;
    const lease = this.lease(id) ?? (await this.leaseMade(id, () => Promise.resolve(made))).lease;
    // It was asked for in earnest while this one was being made: one of the two is enough.
    if (lease.pipeline !== made.pipeline) made.pipeline[Symbol.dispose]();
    return lease;
  }

  /** Lets go of all that nobody uses. */
  trim(): void {
    this.#evict(NONE);
  }

  /** As `trim`, and from now on what is released goes at once. */
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
    this.#held.set(id, held); // now the last used
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
