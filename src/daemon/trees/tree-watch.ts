/**
 * Directories that are watched, and what becomes of the kernel's events.
 *
 * Guarantees: A directory is watched before it is listed. `refresh` reports every change that was complete before the
 * call: `onFile` for contents, `onEntries` for directories. It may also report a change that did not happen.
 *
 * Some directories cannot be watched: because of the limit, of permissions, or of a remote file system. Each `refresh`
 * compares the stamps of such a directory, of its ignore files and of its files in memory. After the kernel's queue
 * overflowed, one `refresh` compares all directories in this way.
 *
 * The kernel does not report one kind of write: a file gets a second name after it was loaded, in a directory that no
 * search has listed, and is written by that name. `Patrol` finds such names sooner or later. A store into mapped memory
 * is reported when the mapping ends.
 */
import { lstatSync, statSync } from "node:fs";
import { DISK, PackedEntries } from "../../search/index.ts";
import { INOTIFY, Inotify, type InotifyEvent, isRemoteType, MountTable } from "../watch/index.ts";
import { DEGRADED } from "./degraded.ts";
import { type Directory, type Entries, isIn, type PollReason, StoredFile } from "./directory.ts";
import {
  identityOf,
  isSurelyAsLoaded,
  type LoadedStamp,
  RULE_NAMES,
  stampOf,
  statsOf,
  systemPath,
} from "./system-state.ts";

const { MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE, DELETE_SELF, MOVE_SELF } = INOTIFY;
const DIRECTORY_MASK =
  MODIFY |
  ATTRIB |
  CLOSE_WRITE |
  MOVED_FROM |
  MOVED_TO |
  CREATE |
  DELETE |
  DELETE_SELF |
  MOVE_SELF |
  INOTIFY.ONLY_DIRECTORY;
const FILE_MASK = MODIFY | ATTRIB | CLOSE_WRITE;
const NAME_CHANGES = MOVED_FROM | MOVED_TO | CREATE | DELETE;
const END_OF_WATCH = DELETE_SELF | MOVE_SELF | INOTIFY.UNMOUNT | INOTIFY.IGNORED;

const ENOSPC = 28;

/** Who is told about changes. */
export interface TreeChanges {
  /** A file's content is another one, or may be. */
  onFile(file: StoredFile): void;
  /** A directory's entries are others, or may be. `hasOtherRules`: its ignore files too. */
  onEntries(directory: Directory, hasOtherRules: boolean): void;
  /** A new file has these numbers of inodes, and other names. */
  onOtherNames(inodes: ReadonlySet<number>): void;
  /** How a file in memory was when it was read. Undefined: it is not in memory. */
  stampOf(file: StoredFile): LoadedStamp | undefined;
  /** Something is worse than it should be. Told once for each reason. */
  onDegraded(reason: string): void;
}

/** See the head of this file. */
export class TreeWatch {
  readonly #inotify: Inotify;
  readonly #mounts: MountTable;
  readonly #changes: TreeChanges;
  readonly #directories = new Map<string, Directory>();
  /** What each watch is about. Two paths may lead to one directory, and two names to one file. */
  readonly #byWatch = new Map<number, (Directory | StoredFile)[]>();
  readonly #polled = new Set<Directory>();
  /** Names that came since the last look, by directory. */
  #created: [Directory, string][] = [];
  #hasOverflowed = false;
  #overflowCount = 0;
  #clock = 0;
  #lookCount = 0;
  /** By root, the number of the last look at it. */
  readonly #lookOf = new Map<string, number>();

  constructor(changes: TreeChanges, inotify = new Inotify(), mounts = new MountTable()) {
    this.#changes = changes;
    this.#inotify = inotify;
    this.#mounts = mounts;
  }

  /** Counts changes. What changed later has a larger number. */
  get clock(): number {
    return this.#clock;
  }

  /** Counts looks. Whoever asks after this many needs a later one. */
  get lookCount(): number {
    return this.#lookCount;
  }

  get watchCount(): number {
    return this.#byWatch.size;
  }

  get directoryCount(): number {
    return this.#directories.size;
  }

  get polledCount(): number {
    return this.#polled.size;
  }

  get overflowCount(): number {
    return this.#overflowCount;
  }

  /** The entries of a directory, which is watched from now on. @throws the system's error */
  entries(path: string, isAsHeld: boolean): Entries {
    const directory = this.directory(path);
    const above = path === "" ? undefined : this.#directories.get(path.slice(0, path.lastIndexOf("/")));
    if (above !== undefined) (above.below ??= new Map()).set(directory.name, directory);
    if (directory.watch < 0 && directory.pollReason === undefined) {
      this.#watch(directory);
      this.#compareFiles(directory); // nothing was told of those that were loaded while no watch was there
    }
    if (isAsHeld) return DISK.entries(systemPath(path), path, true);
    if (directory.entries !== undefined) return directory.entries.unpack();
    const entries = DISK.entries(systemPath(path), path, false);
    directory.entries = new PackedEntries(entries);
    return entries;
  }

  /** A directory by its path. It need not exist. */
  directory(path: string): Directory {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf("/");
    const directory: Directory = {
      path,
      name: path.slice(slash + 1),
      watch: -1,
      pollReason: undefined,
      identity: "",
      stamp: "",
      entries: undefined,
      files: new Map(),
      below: undefined,
    };
    this.#directories.set(path, directory);
    return directory;
  }

  /** A file by its name. */
  file(path: string, name: string): StoredFile {
    const directory = this.directory(path);
    let file = directory.files.get(name);
    if (file === undefined) directory.files.set(name, (file = new StoredFile(directory, name)));
    return file;
  }

  /** Watches a file that has several names, by whichever it is written. @returns false where that is not possible */
  watchFile(file: StoredFile): boolean {
    if (file.watch >= 0) return true;
    const watch = this.#inotify.add(file.path, FILE_MASK);
    if (watch < 0) {
      if (watch === -ENOSPC) this.#changes.onDegraded(DEGRADED.limit);
      return false;
    }
    file.watch = watch;
    this.#bind(watch, file);
    return true;
  }

  /** Takes what the kernel has queued. Cheap, so that the queue never gets long. @returns whether there was anything */
  drain(): boolean {
    const before = this.#clock;
    this.#inotify.drain((event) => this.#take(event));
    return this.#clock !== before;
  }

  /**
   * Finds out about every change so far, or at least about those that were complete at an earlier moment.
   * @param roots the trees that are looked at, absolute paths
   * @param after `lookCount` at that moment. Trees that were looked at since are not looked at again
   */
  refresh(roots: readonly string[], after = this.#lookCount): void {
    if (roots.length > 0 && roots.every((root) => (this.#lookOf.get(root) ?? 0) > after)) return;
    this.#lookCount++;
    for (const root of roots) this.#lookOf.set(root, this.#lookCount);
    this.drain();
    for (const place of this.#mounts.refresh()) this.forget(place === "/" ? "" : place);
    for (const root of roots) {
      const directory = this.#directories.get(root);
      if (directory !== undefined && directory.watch >= 0 && identityOf(root) !== directory.identity)
        this.forget(root);
    }
    if (this.#hasOverflowed) {
      this.#hasOverflowed = false;
      for (const directory of this.#directories.values()) this.#suspect(directory);
    }
    for (const directory of this.#polled)
      if (roots.some((root) => isIn(directory.path, root))) this.#poll(directory);
    this.#lookForOtherNames();
  }

  /** The files of all directories. */
  *files(): Generator<StoredFile, undefined> {
    for (const directory of this.#directories.values()) yield* directory.files.values();
  }

  /** A file's content is another one, or may be. */
  fileChanged(file: StoredFile): void {
    file.changedAt = ++this.#clock;
    this.#changes.onFile(file);
  }

  /** A directory is not what it was, and neither is anything below it. */
  forget(path: string): void {
    const directory = this.#directories.get(path);
    if (directory === undefined) return;
    this.#clock++;
    const gone = [directory];
    for (let at = 0; at < gone.length; at++) {
      const each = gone[at] as Directory;
      if (each.below !== undefined) gone.push(...each.below.values());
      for (const file of each.files.values()) this.fileChanged(file);
      this.#unwatch(each);
      each.entries = undefined;
      this.#changes.onEntries(each, true);
    }
  }

  /** Gives up directories of which nobody has a listing any more. */
  release(isUsed: (path: string) => boolean): void {
    for (const [path, directory] of this.#directories) {
      if (isUsed(path)) continue;
      for (const file of directory.files.values()) {
        this.fileChanged(file);
        this.#unbind(file);
      }
      this.#unwatch(directory);
      this.#directories.delete(path);
      this.#lookOf.delete(path);
      this.#directories.get(path.slice(0, path.lastIndexOf("/")))?.below?.delete(directory.name);
    }
  }

  close(): void {
    this.#inotify.close();
    this.#mounts.close();
    this.#byWatch.clear();
    this.#directories.clear();
    this.#polled.clear();
  }

  #watch(directory: Directory): void {
    const { path } = directory;
    if (isRemoteType(this.#mounts.typeOf(path))) return this.#pollInstead(directory, "remote");
    const before = identityOf(path);
    const watch = this.#inotify.add(path, DIRECTORY_MASK);
    if (watch < 0) return this.#pollInstead(directory, watch === -ENOSPC ? "limit" : "refused");
    directory.watch = watch;
    this.#bind(watch, directory);
    // Where the path leads elsewhere by now, the identity fits nothing, and the next look forgets the directory.
    directory.identity = identityOf(path) === before ? before : "replaced";
  }

  #pollInstead(directory: Directory, reason: PollReason): void {
    directory.pollReason = reason;
    directory.stamp = stampOf(directory);
    this.#polled.add(directory);
    if (reason !== "refused") this.#changes.onDegraded(DEGRADED[reason]);
  }

  #bind(watch: number, about: Directory | StoredFile): void {
    const known = this.#byWatch.get(watch);
    if (known === undefined) this.#byWatch.set(watch, [about]);
    else known.push(about);
  }

  #unwatch(directory: Directory): void {
    this.#unbind(directory);
    directory.pollReason = undefined;
    this.#polled.delete(directory);
  }

  /** Ends a watch when it is about nothing else. */
  #unbind(about: Directory | StoredFile): void {
    const { watch } = about;
    about.watch = -1;
    const others = this.#byWatch.get(watch)?.filter((each) => each !== about);
    if (others === undefined) return;
    if (others.length > 0) this.#byWatch.set(watch, others);
    else {
      this.#byWatch.delete(watch);
      this.#inotify.remove(watch);
    }
  }

  #take({ watch, mask, name }: InotifyEvent): void {
    this.#clock++;
    if ((mask & INOTIFY.OVERFLOW) !== 0) {
      this.#hasOverflowed = true;
      this.#overflowCount++;
      this.#changes.onDegraded(DEGRADED.overflow);
      return;
    }
    for (const about of this.#byWatch.get(watch) ?? []) {
      if (about instanceof StoredFile) this.fileChanged(about);
      else if (name !== "") this.#nameChanged(about, mask, name);
      else if ((mask & END_OF_WATCH) !== 0 || identityOf(about.path) !== about.identity)
        this.forget(about.path);
      else this.#entriesChanged(about, false);
    }
    if ((mask & INOTIFY.IGNORED) !== 0) {
      // The kernel has ended the watch itself.
      for (const about of this.#byWatch.get(watch) ?? []) about.watch = -1;
      this.#byWatch.delete(watch);
    }
  }

  #nameChanged(directory: Directory, mask: number, name: string): void {
    const isDirectory = (mask & INOTIFY.IS_DIRECTORY) !== 0;
    const hasOtherRules = RULE_NAMES.has(name);
    if (isDirectory) {
      const place = `${directory.path}/${name}`;
      // Its own watch tells about its attributes, where it has one.
      if ((mask & ATTRIB) !== 0 && (this.#directories.get(place)?.watch ?? -1) >= 0) return;
      this.forget(place);
      this.#entriesChanged(directory, hasOtherRules);
      return;
    }
    const file = directory.files.get(name);
    if (file !== undefined) {
      this.fileChanged(file);
      if ((mask & NAME_CHANGES) !== 0) this.#unbind(file); // the name is another file's now
    }
    const isNameChange = (mask & NAME_CHANGES) !== 0;
    if (isNameChange || hasOtherRules) this.#entriesChanged(directory, hasOtherRules);
    if ((mask & (CREATE | MOVED_TO)) !== 0) this.#created.push([directory, name]);
    // A name that was a directory is one no longer.
    if (isNameChange) this.forget(`${directory.path}/${name}`);
    if ((mask & (DELETE | MOVED_FROM)) !== 0) directory.files.delete(name);
  }

  #entriesChanged(directory: Directory, hasOtherRules: boolean): void {
    directory.entries = undefined;
    this.#changes.onEntries(directory, hasOtherRules);
  }

  /** A file that is written by a second name sends its events by that name. So it gets a watch of its own. */
  #lookForOtherNames(): void {
    if (this.#created.length === 0) return;
    const inodes = new Set<number>();
    for (const [directory, name] of this.#created) {
      const stats = statsOf(`${directory.path}/${name}`, lstatSync);
      if (stats?.isFile() === true && stats.nlink > 1) inodes.add(stats.ino);
    }
    this.#created = [];
    if (inodes.size > 0) this.#changes.onOtherNames(inodes);
  }

  /** Looks at a directory that is not watched. */
  #poll(directory: Directory): void {
    const stamp = stampOf(directory);
    if (stamp !== directory.stamp) {
      directory.stamp = stamp;
      this.#clock++;
      if (directory.pollReason === "refused") this.#unwatch(directory); // it is tried again
      this.#entriesChanged(directory, true);
    }
    this.#compareFiles(directory);
  }

  /** Anything may have happened to a watched directory. */
  #suspect(directory: Directory): void {
    if (directory.watch >= 0) {
      const isSame = identityOf(directory.path) === directory.identity;
      if (!isSame || !this.#isStillWatched(directory, DIRECTORY_MASK)) return this.forget(directory.path);
    }
    for (const file of directory.files.values())
      if (file.watch >= 0 && !this.#isStillWatched(file, FILE_MASK)) this.#unbind(file);
    this.#entriesChanged(directory, true);
    this.#compareFiles(directory);
  }

  /**
   * Is a watch still about what its path leads to? A directory that was made again may have the number of the one that
   * is gone, so the kernel is asked: it gives the same watch again, or a new one.
   */
  #isStillWatched(about: Directory | StoredFile, mask: number): boolean {
    const watch = this.#inotify.add(about.path, mask);
    if (watch >= 0 && watch !== about.watch && !this.#byWatch.has(watch)) this.#inotify.remove(watch);
    return watch === about.watch;
  }

  #compareFiles(directory: Directory): void {
    for (const file of directory.files.values()) {
      const loaded = this.#changes.stampOf(file);
      if (loaded === undefined) continue;
      const now = statsOf(file.path, statSync);
      if (now === undefined || !isSurelyAsLoaded(now, loaded)) this.fileChanged(file);
    }
  }
}
