/**
 * Lookups on a device: a batch of paths, sent in one or several requests and answered once; or a single path.
 *
 *     packed    one piece, sent from the caller's memory or from device memory
 *     strings   ├─ group ─┼─ group ─┼─ group …    each group is packed into the same memory after the previous one was
 *                                                 sent: it stays in the cache, and the device works meanwhile
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

/** The word of a request that selects the kind of lookup. */
export function operationOf(followSymlinks: boolean): number {
  return PathRequest.LOOKUP | (followSymlinks ? PathRequest.FOLLOW : 0);
}

/** Paths that are looked up together. Ends when every path has a result. */
export abstract class LookupBatch extends Deferred {
  readonly kind = "lookup";
  readonly count: number;
  readonly results: Int32Array;
  readonly directory: number;
  readonly operation: number;
  /** The first path that was not sent. */
  next = 0;
  /** Number of paths without a result. */
  left: number;
  /** The currently packed paths. The number tells which path of the batch is the first of them. */
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

  /** Defined if the paths are on the device already, so nothing is copied. */
  get kept(): KeptPaths | undefined {
    return undefined;
  }

  /** Whether the results stay in the kernel's memory. For measurements. */
  readonly isResultless: boolean = false;

  /** Packs the next paths, unless they are packed already. @throws for a value that is no path */
  abstract packNext(): void;

  /** Notes that results have arrived. */
  arrive(count: number): void {
    this.left -= count;
    if (this.left === 0) this.end();
  }

  /** Resolves the paths that exceeded the loop limit of the driver. */
  resolveRest(walker: PathWalker, first: number, count: number): void {
    const { results } = this;
    for (let index = first; index < first + count; index++)
      if (results[index] === UNRESOLVED) results[index] = this.walk(walker, index);
  }

  /** Resolves one path on the host. @returns inode or −errno */
  protected abstract walk(walker: PathWalker, index: number): number;

  /** Whether a symlink that the whole path names is followed. */
  protected get isFollowing(): boolean {
    return (this.operation & PathRequest.FOLLOW) !== 0;
  }
}

/** A batch of packed paths. */
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
    // The paths are packed already.
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

/** A batch of strings and bytes, which are packed group by group. */
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
    if (this.isSent) this.#releasePacker();
    super.arrive(count);
  }

  /** Gives the packer to another batch, after everything was sent. */
  #releasePacker(): void {
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

/** A single path. It is part of its request, and its result is part of the completion. */
export class SinglePath extends Deferred {
  inode = 0;
}
