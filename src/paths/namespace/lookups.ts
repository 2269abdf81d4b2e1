/**
 * The lookups of a namespace: single lookups are gathered, batches are divided, and every call has its limits.
 *
 *     lookup ──▶ batcher ──▶ one path, or a batch ─┐
 *     lookupBatch, lookupErrno ──▶ strings ────────┼──▶ parts of `maxBatchSize` ──▶ active backend
 *     lookupPacked ──────────────▶ packed paths ───┘
 *
 * On the host, a single lookup is answered at once from the table. Gathering would have no benefit there.
 */
import { EverwarpError } from "../../base/index.ts";
import { type CallState, withinLimits } from "../../engine/index.ts";
import type { HostBackend } from "../host/index.ts";
import {
  type BatcherOptions,
  type LookupOptions,
  lookupError,
  type PackedPaths,
  PathBatcher,
  type PathLike,
  pathBytes,
} from "../lookup/index.ts";
import { ROOT_INODE } from "../table/index.ts";
import type { PathTree } from "../tree/index.ts";
import type { ActiveBackend, Lookups } from "./active-backend.ts";
import type { BatchOptions, LookupCallOptions } from "./options.ts";

const BATCH_SIZE_MAX = 2 ** 20;
const NO_OPTIONS: LookupOptions = {};
const EMPTY: PackedPaths = { bytes: new Uint8Array(0), offsets: new Uint32Array(1) };

/** Sends lookups to the active backend. */
export class NamespaceLookups {
  readonly #tree: PathTree;
  readonly #host: HostBackend;
  readonly #active: ActiveBackend;
  readonly #maxBatchSize: number;
  /** Gathers single lookups without options. */
  readonly #plain: PathBatcher;
  /** Gathers single lookups with the options of the last such call. */
  #other: { readonly options: LookupOptions; readonly batcher: PathBatcher } | undefined;

  constructor(tree: PathTree, host: HostBackend, active: ActiveBackend, maxBatchSize = BATCH_SIZE_MAX) {
    this.#tree = tree;
    this.#host = host;
    this.#active = active;
    this.#maxBatchSize = maxBatchSize;
    this.#plain = this.batcher({});
  }

  /** One path, without options. */
  plain(path: PathLike): Promise<number> {
    return this.#active.isHost ? this.#onHost(path, NO_OPTIONS) : this.#plain.lookup(path);
  }

  /** One path, with options. */
  single(path: PathLike, options: LookupCallOptions): Promise<number> {
    return withinLimits("the lookup", options, () =>
      this.#active.isHost ? this.#onHost(path, options) : this.#batcherFor(options).lookup(path),
    );
  }

  /** Strings or bytes. @returns inode (≥ 0) or −errno, in the order of the paths */
  paths(paths: readonly PathLike[], options: BatchOptions): Promise<Int32Array> {
    return withinLimits("the batch", options, (call) =>
      this.#inParts(paths.length, options, call, (first, end) => {
        const part = first === 0 && end === paths.length ? paths : paths.slice(first, end);
        return this.#active.ask((backend: Lookups) => backend.lookupPaths(part, options));
      }),
    );
  }

  /** Packed paths. @returns inode (≥ 0) or −errno, in the order of the paths */
  packed(packed: PackedPaths, options: BatchOptions): Promise<Int32Array> {
    const { bytes, offsets } = packed;
    const count = offsets.length - 1;
    if (count <= 0) return this.#host.lookup(count === 0 ? EMPTY : packed); // refuses paths without any offset
    return withinLimits("the batch", options, (call) =>
      this.#inParts(count, options, call, (first, end) => {
        const isWhole = first === 0 && end === count;
        const part = isWhole ? packed : { bytes, offsets: offsets.subarray(first, end + 1) };
        return this.#active.ask((backend: Lookups) => backend.lookup(part, options));
      }),
    );
  }

  /** Makes a batcher with its own limits. */
  batcher({ maxBatchSize, lingerMs, ...lookup }: BatcherOptions & LookupOptions): PathBatcher {
    return new PathBatcher(
      (paths) => this.paths(paths, lookup),
      {
        ...(maxBatchSize === undefined ? {} : { maxBatchSize }),
        ...(lingerMs === undefined ? {} : { lingerMs }),
      },
      (path) => this.#active.lookupSingle(path, lookup),
    );
  }

  /** Looks up in the table, at once. */
  async #onHost(
    path: PathLike,
    { directory = ROOT_INODE, followSymlinks = true }: LookupOptions,
  ): Promise<number> {
    const inode = this.#tree.resolve(pathBytes(path), directory, followSymlinks);
    const overdue = this.#host.turns.overdue();
    if (overdue !== undefined) await overdue;
    if (inode < 0) throw lookupError(inode, path);
    return inode;
  }

  /**
   * A batcher for these options. If they differ from the previous options, a new batcher starts; gathered calls are
   * sent with the old options.
   */
  #batcherFor({ directory, followSymlinks }: LookupOptions): PathBatcher {
    if (directory === undefined && followSymlinks === undefined) return this.#plain;
    const other = this.#other;
    const isAlike =
      other?.options.directory === directory && other?.options.followSymlinks === followSymlinks;
    if (other !== undefined && isAlike) return other.batcher;
    const options = { directory, followSymlinks };
    const batcher = this.batcher(options);
    this.#other = { options, batcher };
    return batcher;
  }

  /** Looks up part by part. If the caller stopped waiting, no more parts are sent. */
  async #inParts(
    count: number,
    { oversize = "split" }: BatchOptions,
    call: CallState,
    ask: (first: number, end: number) => Promise<Int32Array>,
  ): Promise<Int32Array> {
    const size = this.#maxBatchSize;
    if (count <= size) return ask(0, count);
    if (oversize === "error")
      throw new EverwarpError(
        "EW_REQUEST_TOO_LARGE",
        `a batch of ${count} paths, and maxBatchSize is ${size}`,
        { remedy: 'Send less at a time, or let it be split: oversize "split".' },
      );
    const results = new Int32Array(count);
    for (let first = 0; first < count && !call.isOver; first += size)
      results.set(await ask(first, Math.min(first + size, count)), first);
    return results;
  }
}
