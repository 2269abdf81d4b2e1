/**
 * Lookups in the line: many paths, sent in one request or several, and answered once; or a single one.
 *
 *     packed    one piece, sent from where it lies (in the caller's memory, or on the device)
 *     strings   ├─ group ─┼─ group ─┼─ group …    each is packed when the one before it was sent, over the same memory: it stays in the
 *                                                 cache, and the device works on one group while the next is packed
 */
import {
  type LookupOptions,
  type PackedPaths,
  type PathWalker,
  GROUP_PATHS,
  type PathLike,
  PathPacker,
  pathBytes,
} from "../lookup/index.ts";
import { ROOT_INODE, PathRequest } from "../table/index.ts";
import { Deferred } from "../../engine/index.ts";
import type { KeptPaths } from "./kept-paths.ts";

const UNRESOLVED = PathRequest.UNRESOLVED | 0;

/** Words of a request that say how to look up. */
export function operationOf(followSymlinks: boolean): number {
  return PathRequest.LOOKUP | (followSymlinks ? PathRequest.FOLLOW : 0);
}

export abstract class LookupBatch extends Deferred {
  readonly kind = "lookup";
  readonly count: number;
  readonly results: Int32Array;
  readonly directory: number;
  readonly operation: number;
  /** First path that was not sent yet. */
  next = 0;
  /** Paths without a result. */
  left: number;
  /** Those that are packed, and which path of the batch is the first of them. */
  abstract readonly packed: PackedPaths;
  abstract readonly packedFirst: number;

  constructor(count: number, { directory = ROOT_INODE, followSymlinks = true }: LookupOptions) {
    super();
    this.count = count;
    this.results = new Int32Array(count);
    this.directory = directory;
    this.operation = operationOf(followSymlinks);
    this.left = count;
  }

  get isSent(): boolean {
    return this.next === this.count;
  }

  /** On the device already: nothing is copied there. */
  get kept(): KeptPaths | undefined {
    return undefined;
  }

  /** Results stay where the kernel wrote them: nobody wants them. */
  readonly isResultless: boolean = false;

  /** Sees to it that the next path is packed. */
  abstract packNext(): void;

  /** So many results have come. */
  arrive(count: number): void {
    this.left -= count;
    if (this.left === 0) this.end();
  }

  /**
   * Resolves the paths that the kernel gave up, as their symlinks and components were too many for a driver that limits
   * loops.
   */
  resolveRest(walker: PathWalker, first: number, count: number): void {
    const { results } = this;
    for (let index = first; index < first + count; index++)
      if (results[index] === UNRESOLVED) results[index] = this.walk(walker, index);
  }

  protected abstract walk(walker: PathWalker, index: number): number;

  protected get isFollowing(): boolean {
    return (this.operation & PathRequest.FOLLOW) !== 0;
  }
}

export class PackedBatch extends LookupBatch {
  readonly packed: PackedPaths;
  readonly packedFirst = 0;
  readonly #kept: KeptPaths | undefined;
  override readonly isResultless: boolean;

  constructor(packed: PackedPaths, options: LookupOptions, kept?: KeptPaths, isResultless = false) {
    super(packed.offsets.length - 1, options);
    this.packed = packed;
    this.#kept = kept;
    this.isResultless = isResultless;
  }

  override get kept(): KeptPaths | undefined {
    return this.#kept;
  }

  packNext(): void {
    // It is.
  }

  protected walk(walker: PathWalker, index: number): number {
    const { bytes, offsets } = this.packed;
    return walker.resolve(bytes, offsets[index], offsets[index + 1], this.directory, this.isFollowing);
  }
}

const EMPTY: PackedPaths = { bytes: new Uint8Array(0), offsets: new Uint32Array(1) };
/** Packers that no batch is using. */
const packers: PathPacker[] = [];
const IDLE_PACKERS_MAX = 16;

export class TextBatch extends LookupBatch {
  packed = EMPTY;
  packedFirst = 0;
  readonly #paths: readonly PathLike[];
  #packer: PathPacker | undefined;

  constructor(paths: readonly PathLike[], options: LookupOptions) {
    super(paths.length, options);
    this.#paths = paths;
  }

  packNext(): void {
    const { next, count } = this;
    if (next < this.packedFirst + this.packed.offsets.length - 1) return;
    const isWhole = next === 0 && count <= GROUP_PATHS;
    this.#packer ??= packers.pop() ?? new PathPacker();
    this.packed = this.#packer.pack(isWhole ? this.#paths : this.#paths.slice(next, next + GROUP_PATHS));
    this.packedFirst = next;
  }

  override arrive(count: number): void {
    if (this.isSent) this.#giveBack();
    super.arrive(count);
  }

  /** What is packed was sent: another batch can have the memory. */
  #giveBack(): void {
    if (this.#packer === undefined) return;
    this.packed = EMPTY;
    if (packers.length < IDLE_PACKERS_MAX) packers.push(this.#packer);
    this.#packer = undefined;
  }

  protected walk(walker: PathWalker, index: number): number {
    const bytes = pathBytes(this.#paths[index]!);
    return walker.resolve(bytes, 0, bytes.length, this.directory, this.isFollowing);
  }
}

/** One path that travels in its request, as its result does in the completion. */
export class SinglePath extends Deferred {
  inode = 0;
}
