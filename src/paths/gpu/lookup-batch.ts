/** A lookup in the line: many paths, sent in one request or several, and answered once. */
import { type LookupOptions, type PackedPaths, ROOT_INODE } from "../contracts.ts";
import type { PathWalker } from "../host/path-walker.ts";
import { PathRequest } from "../table.schema.ts";
import type { KeptPaths } from "./kept-paths.ts";

const UNRESOLVED = PathRequest.UNRESOLVED | 0;

export class LookupBatch {
  readonly kind = "lookup";
  readonly packed: PackedPaths;
  readonly kept: KeptPaths | undefined;
  readonly results: Int32Array;
  readonly directory: number;
  readonly operation: number;
  /** First path that was not sent yet. */
  next = 0;
  isSettled = false;
  /** Paths without a result. */
  #left: number;
  readonly #resolve: (results: Int32Array) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    packed: PackedPaths,
    kept: KeptPaths | undefined,
    { directory = ROOT_INODE, followSymlinks = true }: LookupOptions,
    resolve: (results: Int32Array) => void,
    reject: (error: unknown) => void,
  ) {
    this.packed = packed;
    this.kept = kept;
    this.results = new Int32Array(packed.offsets.length - 1);
    this.directory = directory;
    this.operation = PathRequest.LOOKUP | (followSymlinks ? PathRequest.FOLLOW : 0);
    this.#left = this.results.length;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isSent(): boolean {
    return this.next === this.results.length;
  }

  /** So many results have come. */
  settle(count: number): void {
    this.#left -= count;
    if (this.#left > 0 || this.isSettled) return;
    this.isSettled = true;
    this.#resolve(this.results);
  }

  reject(error: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#reject(error);
  }

  /** Resolves the paths that the kernel gave up, as their symlinks and components were too many for a driver that limits loops. */
  resolveRest(walker: PathWalker, first: number, count: number): void {
    const { results, directory } = this;
    const { bytes, offsets } = this.packed;
    const isFollowing = (this.operation & PathRequest.FOLLOW) !== 0;
    for (let index = first; index < first + count; index++) {
      if (results[index] !== UNRESOLVED) continue;
      results[index] = walker.resolve(bytes, offsets[index], offsets[index + 1], directory, isFollowing);
    }
  }
}
