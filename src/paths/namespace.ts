/**
 * A file-system namespace that answers very many lookups: the public face of src/paths.
 *
 *   changes ──▶ tree (rules) ──▶ table in host memory ──edits──▶ backend (device, or the host's threads)
 *   lookups ──▶ pack ──────────────────────────────────────────▶ backend ──▶ inodes or errors
 *
 * Invariants: the table in host memory is the truth, and a backend mirrors it; changes are made one after the other, each at once and whole; a
 * change's promise resolves when every later lookup sees it; when the device fails (is lost, has no memory to grow) and was left to us to choose, the
 * host's engine answers in its place, also what was in flight.
 */
import { fullText, readOptions, EverwarpError } from "../base/index.ts";
import { type BackendChoice, mayContinueOnHost } from "../engine/index.ts";
import {
  addTreeOptions,
  assertInodeNumber,
  batcherOptions,
  batchOptions,
  changeOptions,
  deepChangeOptions,
  lookupOptions,
  NAMESPACE_OPTIONS,
  readPacked,
} from "./arguments.ts";
import { addTree, type AddTreeOptions, type AddTreeResult } from "./add-tree.ts";
import { type BatcherOptions, lookupError, PathBatcher } from "./batcher.ts";
import { type LookupOptions, type PackedPaths, type PathsBackend, ROOT_INODE } from "./contracts.ts";
import { loadNamespaceFile, saveNamespaceFile } from "./file.ts";
import { HostPaths } from "./host/host-paths.ts";
import { SCRATCH_WORDS } from "./host/lookup-board.ts";
import { openDeviceBackend } from "./open-backend.ts";
import { assertPaths, type PathLike, pathBytes } from "./pack.ts";
import type { PathError } from "./path-error.ts";
import { PathTable, type PathTableStats } from "./table.ts";
import { type InodeStat, PathTree, type TreeEntry } from "./tree.ts";

export interface NamespaceOptions extends Pick<BackendChoice, "device" | "strategy" | "polite"> {
  /** Threads of the host engine beside the one that calls: one fewer than there are cores if not given. */
  readonly threads?: number;
  /**
   * Entries that it may have, at most: one more is EW_PATHS_FULL. Address space is reserved for them, memory is not; names of more than some thirty
   * bytes on average, or many long symlink targets, fill it sooner. 4,194,304 if not given; of `load` then twice what the file has, where that is more. It
   * is no part of the file.
   */
  readonly capacity?: number;
  /** Paths in one batch, at most: a million if not given. Larger ones are split or refused, as `oversize` says. */
  readonly maxBatchSize?: number;
}

/** How a batch is looked up. */
export interface BatchOptions extends LookupOptions {
  /** What becomes of a batch of more than `maxBatchSize` paths: it is split (the default), or refused with EW_REQUEST_TOO_LARGE. */
  oversize?: "split" | "error";
}

/** Where a change's relative paths begin. */
export interface ChangeOptions {
  /** An inode; the root if not given. */
  directory?: number;
}

/** What a namespace runs on. */
export interface NamespaceInfo {
  readonly kind: "host" | "device";
  /** For people: "NVIDIA H200", "8 threads". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
  /** Why `auto` did not take a device, or the host stands in for one; undefined otherwise. */
  readonly fallbackReason: string | undefined;
}

const BATCH_SIZE_MAX = 2 ** 20;
const NO_OPTIONS: LookupOptions = {};
const EMPTY: PackedPaths = { bytes: new Uint8Array(0), offsets: new Uint32Array(1) };

export class Namespace implements AsyncDisposable {
  readonly #options: NamespaceOptions;
  readonly #maxBatchSize: number;
  readonly #tree: PathTree;
  readonly #host: HostPaths;
  #device: PathsBackend | undefined;
  #info: NamespaceInfo;
  /** Gather single lookups: those without options, and those with the options that were given last. */
  readonly #single: PathBatcher;
  #singleElsewhere: { readonly options: LookupOptions; readonly batcher: PathBatcher } | undefined;
  /** The end of a device that failed. */
  #givenUp: Promise<void> | undefined;
  /** Ends when nothing is being saved; changes wait for it. */
  #saving: Promise<void> = Promise.resolve();
  #savingCount = 0;
  #closing: Promise<void> | undefined;

  private constructor(
    options: NamespaceOptions,
    tree: PathTree,
    host: HostPaths,
    device: PathsBackend | undefined,
    info: NamespaceInfo,
  ) {
    this.#options = options;
    this.#maxBatchSize = options.maxBatchSize ?? BATCH_SIZE_MAX;
    this.#tree = tree;
    this.#host = host;
    this.#device = device;
    this.#info = info;
    this.#single = this.batcher();
  }

  /**
   * Opens an empty namespace: a root directory.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that was named, EW_STRATEGY_UNSUPPORTED,
   * EW_OUT_OF_HOST_MEMORY, EW_BAD_ARGUMENT
   */
  static async open(given: NamespaceOptions = {}): Promise<Namespace> {
    const options = readOptions("the options of Namespace.open", given, NAMESPACE_OPTIONS);
    const { capacity } = options;
    const table = new PathTable({
      scratchWords: SCRATCH_WORDS,
      ...(capacity === undefined ? {} : { capacity }),
    });
    return Namespace.#over(table, options);
  }

  /**
   * Opens the namespace that `save` wrote.
   * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_NAMESPACE_TRUNCATED, EW_NAMESPACE_CORRUPTED, EW_NAMESPACE_OUTDATED, and those of `open`
   */
  static async load(file: string, given: NamespaceOptions = {}): Promise<Namespace> {
    fullText("file", file);
    const options = readOptions("the options of Namespace.load", given, NAMESPACE_OPTIONS);
    const { capacity } = options;
    const table = await loadNamespaceFile(file, {
      scratchWords: SCRATCH_WORDS,
      ...(capacity === undefined ? {} : { capacity }),
    });
    return Namespace.#over(table, options);
  }

  static async #over(table: PathTable, options: NamespaceOptions): Promise<Namespace> {
    const { threads } = options;
    const host = new HostPaths(table, threads === undefined ? {} : { threads });
    const tree = new PathTree(table);
    table.takeEdits(); // a device that is opened below takes the whole image
    const opened = await openDeviceBackend(table, options);
    const info: NamespaceInfo = {
      kind: opened.backend === undefined ? "host" : "device",
      device: opened.device ?? threadsText(host),
      strategy: opened.strategy ?? "threads",
      fallbackReason: opened.fallbackReason,
    };
    return new Namespace(options, tree, host, opened.backend, info);
  }

  get info(): NamespaceInfo {
    return this.#info;
  }

  /** How full the table is. */
  get stats(): PathTableStats {
    return this.#tree.table.stats;
  }

  /** Entries in the namespace: names, the root's apart. */
  get entryCount(): number {
    return this.#tree.entryCount;
  }

  // Lookups

  /**
   * Looks one path up. Calls that come while others are in flight share a batch with each other; one that comes alone waits for nobody.
   * @returns its inode
   * @throws PathError (ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL, EBADF); EW_CLOSED, EW_DEVICE_LOST
   */
  lookup(path: PathLike, options?: LookupOptions): Promise<number> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    if (this.#device === undefined) return this.#lookupHere(path, options);
    if (options === undefined) return this.#single.lookup(path);
    try {
      return this.#batcherElsewhere(lookupOptions("lookup", options)).lookup(path);
    } catch (error) {
      return Promise.reject(error as EverwarpError);
    }
  }

  /** In the table of the host, at once. */
  async #lookupHere(path: PathLike, options: LookupOptions | undefined): Promise<number> {
    const { directory = ROOT_INODE, followSymlinks = true } =
      options === undefined ? NO_OPTIONS : lookupOptions("lookup", options);
    const inode = this.#tree.resolve(pathBytes(path), directory, followSymlinks);
    const overdue = this.#host.turns.overdue();
    if (overdue !== undefined) await overdue;
    if (inode < 0) throw lookupError(inode, path);
    return inode;
  }

  /** Who asks with other options than the one before gathers anew; what was gathered until then goes its way. */
  #batcherElsewhere({ directory, followSymlinks }: LookupOptions): PathBatcher {
    const last = this.#singleElsewhere;
    const isAlike = last?.options.directory === directory && last?.options.followSymlinks === followSymlinks;
    if (last !== undefined && isAlike) return last.batcher;
    const options = { directory, followSymlinks };
    const batcher = this.batcher(options);
    this.#singleElsewhere = { options, batcher };
    return batcher;
  }

  /**
   * Looks many paths up in one pass.
   * @param paths left alone until the promise settles
   * @returns results[i] belongs to paths[i]: its inode, or what is wrong with it. A bad path harms no other
   * @throws EW_REQUEST_TOO_LARGE, EW_CLOSED, EW_DEVICE_LOST for the batch as a whole
   */
  async lookupBatch(paths: readonly PathLike[], options: BatchOptions = {}): Promise<(number | PathError)[]> {
    assertPaths(paths);
    const inodes = await this.#lookupPaths(paths, batchOptions("lookupBatch", options));
    return withoutStacks(() =>
      Array.from(inodes, (inode, index) => (inode >= 0 ? inode : lookupError(inode, paths[index]!))),
    );
  }

  /**
   * Looks packed paths up: the fastest way, for callers that have bytes.
   * @param given left alone until the promise settles
   * @returns inode (≥ 0) or −errno, in the order of the paths
   * @throws EW_BAD_ARGUMENT, EW_REQUEST_TOO_LARGE, EW_CLOSED, EW_DEVICE_LOST for the batch as a whole
   */
  async lookupPacked(given: PackedPaths, how: BatchOptions = {}): Promise<Int32Array> {
    if (this.#closing !== undefined) throw closedError();
    const packed = readPacked(given);
    const options = batchOptions("lookupPacked", how);
    const { bytes, offsets } = packed;
    const count = offsets.length - 1;
    const size = this.#maxBatchSize;
    if (count <= size) return this.#send(packed, options);
    this.#refuseOversize(count, options);
    const results = new Int32Array(count);
    for (let first = 0; first < count; first += size) {
      const part = { bytes, offsets: offsets.subarray(first, Math.min(first + size, count) + 1) };
      results.set(await this.#send(part, options), first);
    }
    return results;
  }

  /** Strings or bytes to inodes or −errno: as `lookupBatch`, for callers that want no error objects. */
  async lookupErrno(paths: readonly PathLike[], options: BatchOptions = {}): Promise<Int32Array> {
    assertPaths(paths);
    return this.#lookupPaths(paths, batchOptions("lookupErrno", options));
  }

  /** A batcher with limits of its own, for the same lookups as `lookup`. @throws EW_BAD_ARGUMENT */
  batcher(options: BatcherOptions & LookupOptions = {}): PathBatcher {
    const { maxBatchSize, timeoutMs, ...lookup } = batcherOptions(options);
    return new PathBatcher(
      (paths) => this.#lookupPaths(paths, lookup),
      {
        ...(maxBatchSize === undefined ? {} : { maxBatchSize }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      (path) => this.#device?.lookupSingle?.(path, lookup),
    );
  }

  /** What an inode is; undefined where there is none. Inodes that were freed are given to others later, as a file system does. */
  stat(inode: number): InodeStat | undefined {
    assertInodeNumber("inode", inode);
    return this.#tree.stat(inode);
  }

  /** The entries of a directory, last added first; none for what is no directory. Good until the next change. */
  entries(directory: number): Iterable<TreeEntry> {
    assertInodeNumber("directory", directory);
    return this.#tree.entries(directory);
  }

  /** A path that leads to an inode: the only one of a directory; of a file the last that was given to it, while it has that. */
  pathOf(inode: number): Buffer | undefined {
    assertInodeNumber("inode", inode);
    return this.#tree.pathOf(inode);
  }

  // Changes

  /** Adds a file. @returns its inode @throws PathError EEXIST, ENOENT, ENOTDIR, …; EW_PATHS_FULL, EW_CLOSED, as all changes EW_BAD_ARGUMENT */
  async addFile(path: PathLike, options?: ChangeOptions): Promise<number> {
    const bytes = pathBytes(path);
    const { directory } = changeOptions("addFile", options);
    return this.#change((tree) => tree.addFile(bytes, directory));
  }

  /**
   * Adds a directory.
   * @param options.recursive also those above it that are missing; one that is there already is no error
   * @returns its inode
   * @throws PathError EEXIST, ENOENT, ENOTDIR, …; EW_PATHS_FULL, EW_CLOSED
   */
  async addDirectory(path: PathLike, options?: ChangeOptions & { recursive?: boolean }): Promise<number> {
    const bytes = pathBytes(path);
    const { directory, recursive = false } = deepChangeOptions("addDirectory", options);
    return this.#change((tree) =>
      recursive ? tree.addDirectories(bytes, directory) : tree.addDirectory(bytes, directory),
    );
  }

  /** Adds a symlink, whatever its target names. @returns its inode @throws PathError; EW_PATHS_FULL, EW_CLOSED */
  async addSymlink(target: PathLike, path: PathLike, options?: ChangeOptions): Promise<number> {
    const targetBytes = pathBytes(target, "target");
    const bytes = pathBytes(path);
    const { directory } = changeOptions("addSymlink", options);
    return this.#change((tree) => tree.addSymlink(targetBytes, bytes, directory));
  }

  /** Gives a file one more name. @returns its inode @throws PathError EPERM for a directory, …; EW_PATHS_FULL, EW_CLOSED */
  async link(existing: PathLike, path: PathLike, options?: ChangeOptions): Promise<number> {
    const existingBytes = pathBytes(existing, "existing");
    const bytes = pathBytes(path);
    const { directory } = changeOptions("link", options);
    return this.#change((tree) => tree.link(existingBytes, bytes, directory));
  }

  /**
   * Removes a name; a symlink's own, a directory's when it is empty.
   * @param options.recursive a directory with all that is in it
   * @throws PathError ENOTEMPTY, ENOENT, …; EW_CLOSED
   */
  async remove(path: PathLike, options?: ChangeOptions & { recursive?: boolean }): Promise<void> {
    const bytes = pathBytes(path);
    const { directory, recursive = false } = deepChangeOptions("remove", options);
    return this.#change((tree) => tree.remove(bytes, recursive, directory));
  }

  /** Gives a file, symlink or directory another path in one step; what was there is replaced. @throws PathError; EW_PATHS_FULL, EW_CLOSED */
  async rename(from: PathLike, to: PathLike, options?: ChangeOptions): Promise<void> {
    const fromBytes = pathBytes(from, "from");
    const toBytes = pathBytes(to, "to");
    const { directory } = changeOptions("rename", options);
    return this.#change((tree) => tree.rename(fromBytes, toBytes, directory));
  }

  /**
   * Adds what lies below a directory of the file system: names, kinds, symlink targets and hard links, no contents. Lookups go on meanwhile and
   * see more and more of it.
   * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE for the directory itself; PathError for `at`; EW_PATHS_FULL, EW_ABORTED, EW_CLOSED
   */
  async addTree(root: string, options?: AddTreeOptions): Promise<AddTreeResult> {
    fullText("root", root);
    return addTree((edit) => this.#change(edit), root, addTreeOptions(options));
  }

  /**
   * Writes the namespace to a file, whole or not at all. Lookups go on meanwhile, changes wait.
   * @throws EW_PATH_UNWRITABLE, EW_CLOSED
   */
  async save(file: string): Promise<void> {
    fullText("file", file);
    if (this.#closing !== undefined) throw closedError();
    const saving = this.#saving.then(() => saveNamespaceFile(file, this.#tree.table));
    // Who saves hears of a failure; who waits for the end of it need not.
    this.#saving = saving.catch(() => undefined);
    this.#savingCount++;
    try {
      await saving;
    } finally {
      this.#savingCount--;
    }
  }

  /** Ends what is in flight with EW_CLOSED and frees everything. A second call does nothing more. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#saving;
    await this.#device?.close();
    await this.#givenUp;
    await this.#host.close();
  }

  async #change<T>(edit: (tree: PathTree) => T): Promise<T> {
    if (this.#closing !== undefined) throw closedError();
    while (this.#savingCount > 0) await this.#saving;
    if (this.#closing !== undefined) throw closedError();
    // The host's threads may be reading the table: they are kept out while it is written.
    let result: T;
    try {
      result = this.#host.exclusively(() => edit(this.#tree));
    } catch (error) {
      await this.#mirror(); // an edit of many steps may have made some
      throw error;
    }
    await this.#mirror();
    const overdue = this.#host.turns.overdue();
    if (overdue !== undefined) await overdue;
    return result;
  }

  async #mirror(): Promise<void> {
    const edits = this.#tree.table.takeEdits();
    const device = this.#device;
    try {
      await device?.apply(edits);
    } catch (error) {
      // Where the host goes on, the change is made: it is in its table.
      this.#fallBack(device, error);
    }
  }

  async #lookupPaths(paths: readonly PathLike[], options: BatchOptions): Promise<Int32Array> {
    if (this.#closing !== undefined) throw closedError();
    const count = paths.length;
    const size = this.#maxBatchSize;
    if (count > size) {
      this.#refuseOversize(count, options);
      const results = new Int32Array(count);
      for (let first = 0; first < count; first += size)
        results.set(await this.#lookupPaths(paths.slice(first, first + size), options), first);
      return results;
    }
    return this.#ask((engine) => engine.lookupPaths(paths, options));
  }

  #refuseOversize(count: number, { oversize = "split" }: BatchOptions): void {
    if (oversize === "split") return;
    throw new EverwarpError(
      "EW_REQUEST_TOO_LARGE",
      `a batch of ${count} paths, and maxBatchSize is ${this.#maxBatchSize}`,
      { remedy: 'Send less at a time, or let it be split: oversize "split".' },
    );
  }

  async #send(packed: PackedPaths, options: LookupOptions): Promise<Int32Array> {
    if (packed.offsets.length <= 1) return this.#host.lookup(packed.offsets.length === 1 ? EMPTY : packed);
    return this.#ask((engine) => engine.lookup(packed, options));
  }

  /** Asks the device, and the host where there is none or it fails. */
  async #ask(
    look: (engine: Pick<PathsBackend, "lookup" | "lookupPaths">) => Promise<Int32Array>,
  ): Promise<Int32Array> {
    const device = this.#device;
    if (device !== undefined) {
      try {
        return await look(device);
      } catch (error) {
        this.#fallBack(device, error);
      }
    }
    return look(this.#host);
  }

  /** A device that was left to us failed: the host's table is whole, and its engine goes on. @throws `error`, where that cannot be */
  #fallBack(failed: PathsBackend | undefined, error: unknown): void {
    // What was in flight on a device that was given up for something else ends with EW_CLOSED: nobody closed the namespace.
    const isGivenUp = failed !== this.#device && error instanceof EverwarpError && error.code === "EW_CLOSED";
    if (isGivenUp) return;
    if (!mayContinueOnHost(this.#options, error)) throw error;
    if (failed === undefined || failed !== this.#device) return;
    this.#device = undefined;
    this.#info = {
      kind: "host",
      device: threadsText(this.#host),
      strategy: "threads",
      fallbackReason: error.message,
    };
    // It failed: what its end fails with is known.
    this.#givenUp = failed.close().catch(() => undefined);
  }
}

function threadsText({ threadCount }: HostPaths): string {
  return threadCount === 0 ? "1 thread" : `${threadCount + 1} threads`;
}

function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the namespace was closed", { remedy: "Open a new one." });
}

/** Errors that are made here have no stack: it would be the same for all, and take longer than the lookups. */
function withoutStacks<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
