/**
 * A file-system namespace that answers very many lookups. Users of src/paths hold this.
 *
 *     changes ──▶ tree (rules) ──▶ table in host memory ──edits──▶ backend (a device, or the host's threads)
 *     lookups ──▶ pack ──────────────────────────────────────────▶ backend ──▶ inodes or errors
 *
 * Invariants: the table in host memory is the truth, and a backend mirrors it. Changes are made one after the other,
 * each of them atomically. A change's promise resolves when every later lookup sees the change. `active-backend.ts`
 * replaces a failed device.
 */
import { EverwarpError, fullText } from "../../base/index.ts";
import { loadNamespaceFile, saveNamespaceFile } from "../file/index.ts";
import { HostBackend, SCRATCH_WORDS } from "../host/index.ts";
import {
  assertPaths,
  type BatcherOptions,
  type LookupOptions,
  lookupError,
  type PackedPaths,
  type PathBatcher,
  type PathError,
  type PathLike,
  pathBytes,
} from "../lookup/index.ts";
import { PathTable, type PathTableStats } from "../table/index.ts";
import {
  addTree,
  type AddTreeOptions,
  type AddTreeResult,
  type InodeStat,
  PathTree,
  type TreeEntry,
} from "../tree/index.ts";
import { ActiveBackend } from "./active-backend.ts";
import {
  addTreeOptions,
  assertInodeNumber,
  batcherOptions,
  batchOptions,
  changeOptions,
  deepChangeOptions,
  lookupOptions,
  namespaceOptions,
  readPacked,
} from "./arguments.ts";
import { NamespaceLookups } from "./lookups.ts";
import type {
  BatchOptions,
  ChangeOptions,
  DeepChangeOptions,
  LookupCallOptions,
  NamespaceInfo,
  NamespaceOptions,
} from "./options.ts";

/** The names of a file system: directories, files, symlinks and hard links, without contents. */
export class Namespace implements AsyncDisposable {
  readonly #tree: PathTree;
  readonly #host: HostBackend;
  readonly #active: ActiveBackend;
  readonly #lookups: NamespaceLookups;
  /** Settles when no save is running. Changes wait for it. */
  #saving: Promise<void> = Promise.resolve();
  #savingCount = 0;
  #closing: Promise<void> | undefined;

  private constructor(
    tree: PathTree,
    host: HostBackend,
    active: ActiveBackend,
    { maxBatchSize }: NamespaceOptions,
  ) {
    this.#tree = tree;
    this.#host = host;
    this.#active = active;
    this.#lookups = new NamespaceLookups(tree, host, active, maxBatchSize);
  }

  /**
   * Opens an empty namespace: a root directory.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that was named,
   * EW_STRATEGY_UNSUPPORTED, EW_OUT_OF_HOST_MEMORY, EW_BAD_ARGUMENT
   */
  static async open(given: NamespaceOptions = {}): Promise<Namespace> {
    const options = namespaceOptions("Namespace.open", given);
    return Namespace.#over(new PathTable(tableOptions(options)), options);
  }

  /**
   * Opens the namespace that `save` wrote.
   * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_NAMESPACE_TRUNCATED, EW_NAMESPACE_CORRUPTED,
   * EW_NAMESPACE_OUTDATED, and what `open` throws
   */
  static async load(file: string, given: NamespaceOptions = {}): Promise<Namespace> {
    fullText("file", file);
    const options = namespaceOptions("Namespace.load", given);
    return Namespace.#over(await loadNamespaceFile(file, tableOptions(options)), options);
  }

  static async #over(table: PathTable, options: NamespaceOptions): Promise<Namespace> {
    const { threads, maxBatchSize: _, maxEntries: __, ...choice } = options;
    const host = new HostBackend(table, threads === undefined ? {} : { threads });
    const tree = new PathTree(table);
    return new Namespace(tree, host, await ActiveBackend.open(table, host, choice), options);
  }

  /** What the namespace runs on now. */
  get info(): NamespaceInfo {
    return this.#active.info;
  }

  /** How full the table is, in entries, buckets and bytes. */
  stats(): PathTableStats {
    return this.#tree.table.stats();
  }

  /** Entries in the namespace: all names but the root. */
  get entryCount(): number {
    return this.#tree.entryCount;
  }

  // Lookups

  /**
   * Looks up one path. Calls that arrive while others are in flight share a batch. A single call is sent at once.
   * @returns its inode
   * @throws PathError (ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL, EBADF); EW_TIMEOUT, EW_ABORTED for its limits,
   * EW_CLOSED, EW_DEVICE_LOST, EW_BAD_ARGUMENT
   */
  lookup(path: PathLike, options?: LookupCallOptions): Promise<number> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    if (options === undefined) return this.#lookups.plain(path);
    try {
      return this.#lookups.single(path, lookupOptions("lookup", options));
    } catch (error) {
      return Promise.reject(error as EverwarpError);
    }
  }

  /**
   * Looks up many paths in one pass.
   * @param paths must not change until the promise settles
   * @returns results[i] belongs to paths[i]: its inode, or its error. An invalid path does not affect the others
   * @throws EW_REQUEST_TOO_LARGE, EW_TIMEOUT, EW_ABORTED, EW_CLOSED, EW_DEVICE_LOST, EW_BAD_ARGUMENT for the batch as a
   * whole
   */
  async lookupBatch(paths: readonly PathLike[], options: BatchOptions = {}): Promise<(number | PathError)[]> {
    const inodes = await this.#lookupPaths("lookupBatch", paths, options);
    return withoutStacks(() =>
      Array.from(inodes, (inode, index) => (inode >= 0 ? inode : lookupError(inode, paths[index]!))),
    );
  }

  /**
   * Looks up packed paths. This is the fastest way, for callers that have bytes.
   * @param packed must not change until the promise settles
   * @returns inode (≥ 0) or −errno, in the order of the paths
   * @throws as `lookupBatch`
   */
  async lookupPacked(packed: PackedPaths, options: BatchOptions = {}): Promise<Int32Array> {
    this.#assertOpen();
    return this.#lookups.packed(readPacked(packed), batchOptions("lookupPacked", options));
  }

  /**
   * Looks up many paths, without creating error objects.
   * @returns inode (≥ 0) or −errno, in the order of the paths
   * @throws as `lookupBatch`
   */
  async lookupErrno(paths: readonly PathLike[], options: BatchOptions = {}): Promise<Int32Array> {
    return this.#lookupPaths("lookupErrno", paths, options);
  }

  #lookupPaths(what: string, paths: readonly PathLike[], given: BatchOptions): Promise<Int32Array> {
    assertPaths(paths);
    const options = batchOptions(what, given);
    this.#assertOpen();
    return this.#lookups.paths(paths, options);
  }

  /** Makes a batcher with its own limits, for the same lookups as `lookup`. @throws EW_BAD_ARGUMENT */
  batcher(options: BatcherOptions & LookupOptions = {}): PathBatcher {
    return this.#lookups.batcher(batcherOptions(options));
  }

  /**
   * Information about an inode; undefined if there is none. As in a file system, the number of a freed inode is reused
   * later.
   */
  stat(inode: number): InodeStat | undefined {
    assertInodeNumber("inode", inode);
    return this.#tree.stat(inode);
  }

  /** The entries of a directory, the newest first; empty if the inode is no directory. Valid until the next change. */
  entries(directory: number): Iterable<TreeEntry> {
    assertInodeNumber("directory", directory);
    return this.#tree.entries(directory);
  }

  /**
   * A path to an inode. A directory has one path. For a file, the path ends in the last name that the file was given;
   * there is none if that name was removed.
   */
  pathOf(inode: number): Buffer | undefined {
    assertInodeNumber("inode", inode);
    return this.#tree.pathOf(inode);
  }

  // Changes

  /**
   * Adds a file.
   * @returns its inode
   * @throws PathError EEXIST, ENOENT, ENOTDIR, …; EW_PATHS_FULL, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async addFile(path: PathLike, options?: ChangeOptions): Promise<number> {
    const bytes = pathBytes(path);
    const { directory } = changeOptions("addFile", options);
    return this.#change((tree) => tree.addFile(bytes, directory));
  }

  /**
   * Adds a directory. With `recursive`, also the missing directories above it; one that exists is then no error.
   * @returns its inode
   * @throws PathError EEXIST, ENOENT, ENOTDIR, …; EW_PATHS_FULL, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async addDirectory(path: PathLike, options?: DeepChangeOptions): Promise<number> {
    const bytes = pathBytes(path);
    const { directory, recursive = false } = deepChangeOptions("addDirectory", options);
    return this.#change((tree) =>
      recursive ? tree.addDirectories(bytes, directory) : tree.addDirectory(bytes, directory),
    );
  }

  /**
   * Adds a symlink, whatever its target names.
   * @returns its inode
   * @throws PathError; EW_PATHS_FULL, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async addSymlink(target: PathLike, path: PathLike, options?: ChangeOptions): Promise<number> {
    const targetBytes = pathBytes(target, "target");
    const bytes = pathBytes(path);
    const { directory } = changeOptions("addSymlink", options);
    return this.#change((tree) => tree.addSymlink(targetBytes, bytes, directory));
  }

  /**
   * Gives a file one more name.
   * @returns its inode
   * @throws PathError EPERM for a directory, …; EW_PATHS_FULL, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async link(existing: PathLike, path: PathLike, options?: ChangeOptions): Promise<number> {
    const existingBytes = pathBytes(existing, "existing");
    const bytes = pathBytes(path);
    const { directory } = changeOptions("link", options);
    return this.#change((tree) => tree.link(existingBytes, bytes, directory));
  }

  /**
   * Removes a name. The target of a symlink stays. A directory must be empty; with `recursive`, everything in the
   * directory goes too.
   * @throws PathError ENOTEMPTY, ENOENT, …; EW_CLOSED, EW_BAD_ARGUMENT
   */
  async remove(path: PathLike, options?: DeepChangeOptions): Promise<void> {
    const bytes = pathBytes(path);
    const { directory, recursive = false } = deepChangeOptions("remove", options);
    return this.#change((tree) => tree.remove(bytes, recursive, directory));
  }

  /**
   * Gives a file, symlink or directory another path, in one step. What was there is replaced.
   * @throws PathError; EW_PATHS_FULL, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async rename(from: PathLike, to: PathLike, options?: ChangeOptions): Promise<void> {
    const fromBytes = pathBytes(from, "from");
    const toBytes = pathBytes(to, "to");
    const { directory } = changeOptions("rename", options);
    return this.#change((tree) => tree.rename(fromBytes, toBytes, directory));
  }

  /**
   * Adds everything below a directory of the file system: names, kinds, symlink targets and hard links, no contents.
   * Lookups continue meanwhile, and see a growing part of the tree.
   * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE for the directory itself; PathError for `at`; EW_PATHS_FULL,
   * EW_ABORTED, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async addTree(root: string, options?: AddTreeOptions): Promise<AddTreeResult> {
    fullText("root", root);
    return addTree((edit) => this.#change(edit), root, addTreeOptions(options));
  }

  /**
   * Writes the namespace to a file atomically. Lookups continue meanwhile; changes wait.
   * @throws EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE, EW_CLOSED, EW_BAD_ARGUMENT
   */
  async save(file: string): Promise<void> {
    fullText("file", file);
    this.#assertOpen();
    const saving = this.#saving.then(() => saveNamespaceFile(file, this.#tree.table));
    // The caller of `save` gets the error. Changes wait only for the end.
    this.#saving = saving.catch(() => undefined);
    this.#savingCount++;
    try {
      await saving;
    } finally {
      this.#savingCount--;
    }
  }

  /** Fails lookups in flight with EW_CLOSED, and frees everything. A second call waits for the first. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Like `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#saving;
    await this.#active.close();
    await this.#host.close();
  }

  async #change<T>(edit: (tree: PathTree) => T): Promise<T> {
    this.#assertOpen();
    while (this.#savingCount > 0) await this.#saving;
    this.#assertOpen();
    let result: T;
    try {
      // Worker threads may be reading the table, so they are kept out while it is written.
      result = this.#host.exclusively(() => edit(this.#tree));
    } catch (error) {
      await this.#active.mirror(); // a failed edit with several steps may have made some changes
      throw error;
    }
    await this.#active.mirror();
    const overdue = this.#host.turns.overdue();
    if (overdue !== undefined) await overdue;
    return result;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

function tableOptions({ maxEntries }: NamespaceOptions): { scratchWords: number; maxEntries?: number } {
  return { scratchWords: SCRATCH_WORDS, ...(maxEntries === undefined ? {} : { maxEntries }) };
}

function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the namespace was closed", { remedy: "Open a new one." });
}

/**
 * Creates errors without stack traces. All traces would be equal, and creating them would take longer than the lookups.
 */
function withoutStacks<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
