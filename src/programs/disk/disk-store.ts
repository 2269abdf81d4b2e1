/**
 * The programs of one device model on disk. The store knows files, and no devices.
 *
 *     <folder>/entries/<id>.ewp     the entries, complete in themselves (entry-file.ts): the source of truth
 *              quarantine/          damaged entries, for later inspection
 *              locks/               which process makes an entry (build-lock.ts)
 *              marks/               data that a driver is working on (crash-guard.ts)
 *              manifest.json        a summary of the entries, rebuilt from them if it is lost
 *              stats.json           counts over all processes
 *
 * Invariants:
 * - A file in entries/ is complete at any moment, whenever a process dies: new files are written beside it and renamed.
 * - A reader that finds a damaged entry moves it away. So the next request rebuilds the entry and can store it.
 * - A failure of the disk never fails a caller. It is counted and remembered, and the answer is "not there".
 */

import { randomBytes } from "node:crypto";
import { rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fileFaultAt } from "../../base/index.ts";
import {
  writeBytesAtomically,
  writeBytesAtomicallySync,
  type WriteOptions,
  makeFolder,
  PRIVATE_FOLDER_MODE,
  readRegularFile,
  readRegularText,
} from "../../storage/index.ts";
import { MAX_SIDE_FILE_BYTES } from "./cache-folder.ts";
import {
  decodeEntry,
  encodeEntry,
  type Entry,
  MAX_ENTRY_BYTES,
  type MeasuredPerformance,
  nextUse,
  USE_RECORD_BYTES,
  useAt,
} from "../entries/index.ts";
import {
  decodeManifest,
  emptyManifest,
  encodeManifest,
  type Manifest,
  type ManifestRow,
  rowOf,
} from "./manifest.ts";
import { withBuildLock, takeBuildLock, type BuildLockAnswer, whenUnlocked } from "./build-lock.ts";
import type { DiskTroubles, PruneAnswer, PruneOptions, ReadAnswer } from "./disk-answers.ts";
import { ENTRY_SUFFIX, idsIn, withEnd } from "./entry-folder.ts";
import { removeRemains } from "./remains.ts";
import { addStats, readStats, SIDE_FILE_LOCK_MS, SIDE_FILE_WRITES } from "./stats-file.ts";

const DAY_MS = 24 * 3600 * 1000;

// No fsync: the reader's checksum finds entries that a power failure damaged.
const ENTRY_WRITES: WriteOptions = {
  place: "own",
  points: { begun: "cache.begun", written: "cache.written", renamed: "cache.renamed" },
};

/** The entries for one device model, in a folder. */
export class DiskStore {
  /** The folder of one device model. */
  readonly folder: string;
  readonly troubles: DiskTroubles = { reads: 0, writes: 0, quarantined: 0, last: undefined };
  #manifest: Manifest;
  /** Whether the manifest was intact when it was read. */
  #isManifestWhole: boolean;
  /** What this process changed since it last wrote the manifest. */
  readonly #changed = { rows: new Map<string, ManifestRow | undefined>(), evicted: new Set<string>() };

  private constructor(folder: string, manifest: Manifest | undefined) {
    this.folder = folder;
    this.#manifest = manifest ?? emptyManifest();
    this.#isManifestWhole = manifest !== undefined;
  }

  /**
   * Opens a folder, which may not exist yet. Reads the manifest and no entry. Never throws for failures of the disk.
   */
  static async open(folder: string): Promise<DiskStore> {
    const text = await readRegularText(join(folder, "manifest.json"), MAX_SIDE_FILE_BYTES);
    return new DiskStore(folder, text === undefined ? undefined : decodeManifest(text));
  }

  /** What is known about the entries without reading them. */
  get manifest(): Manifest {
    return this.#manifest;
  }

  /** The path of an entry. */
  pathOf(id: string): string {
    return join(this.folder, "entries", `${id}${ENTRY_SUFFIX}`);
  }

  /**
   * Reads an entry and checks all of it. A damaged entry is moved away.
   *
   * @param isOurs whether this version of everwarp computed the id itself. Otherwise the file may belong to another
   * version, and stays
   */
  async read(id: string, isOurs = true): Promise<ReadAnswer> {
    const answer = await this.#readWhole(id);
    if (answer.state === "absent") return answer;
    if (answer.state === "unreadable") {
      this.troubles.reads++;
      this.troubles.last = answer.reason;
      return answer;
    }
    let { reason } = answer.state === "refused" ? answer : { reason: "" };
    if (answer.state === "read") {
      const { bytes } = answer;
      const decoded = decodeEntry(bytes, id);
      if (decoded.ok) return { state: "found", entry: decoded.entry, bytes };
      if (decoded.isOtherFormat === true && !isOurs) return { state: "absent" };
      ({ reason } = decoded);
    }
    await this.quarantine(id, reason);
    return { state: "bad", reason };
  }

  async #readWhole(id: string): ReturnType<typeof readRegularFile> {
    try {
      fileFaultAt("cache.read");
    } catch (error) {
      return { state: "unreadable", reason: (error as Error).message };
    }
    return readRegularFile(this.pathOf(id), MAX_ENTRY_BYTES);
  }

  /** Whether there is a file for an entry, intact or damaged. */
  async has(id: string): Promise<boolean> {
    return (await stat(this.pathOf(id)).catch(() => undefined)) !== undefined;
  }

  /**
   * Publishes an entry. It replaces an entry of the same name.
   *
   * @param bytes the result of `encodeEntry`
   * @returns whether the entry is stored now; otherwise `troubles` tells why
   */
  async publish(entry: Entry, bytes: Uint8Array): Promise<boolean> {
    const { id } = entry.header;
    const isWritten = await this.attempt(() => writeBytesAtomically(this.pathOf(id), bytes, ENTRY_WRITES));
    if (!isWritten) return false;
    this.#change(id, rowOf(entry, bytes.length));
    return this.attempt(async () => fileFaultAt("cache.published"));
  }

  /**
   * Like `publish`, for a process that is exiting. The next process that writes the manifest adds the entry to it.
   *
   * @param bytes the result of `encodeEntry`
   */
  publishAtExit(id: string, bytes: Uint8Array): void {
    try {
      writeBytesAtomicallySync(this.pathOf(id), bytes, ENTRY_WRITES);
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  /** Moves an entry to the quarantine folder. */
  async quarantine(id: string, reason: string): Promise<void> {
    this.troubles.quarantined++;
    this.troubles.last = `${id}: ${reason}`;
    const folder = join(this.folder, "quarantine");
    this.#change(id, undefined);
    await this.attempt(async () => {
      fileFaultAt("cache.quarantined");
      await makeFolder(folder, PRIVATE_FOLDER_MODE);
      await rename(this.pathOf(id), join(folder, `${id}.${randomBytes(4).toString("hex")}${ENTRY_SUFFIX}`));
    });
  }

  /** Records a use of an entry, with the current time. */
  async noteUse(id: string): Promise<void> {
    await this.attempt(async () => {
      fileFaultAt("cache.used");
      await withEnd(this.pathOf(id), true, async (handle, end, size) => {
        const record = nextUse(end, Date.now());
        if (record !== undefined) await handle.write(record, 0, USE_RECORD_BYTES, size - USE_RECORD_BYTES);
      });
    });
  }

  /** Writes the measurements of a program into its entry. */
  async noteMeasured(id: string, measured: MeasuredPerformance): Promise<void> {
    const answer = await this.read(id);
    if (answer.state !== "found") return;
    const { entry } = answer;
    const noted: Entry = { ...entry, header: { ...entry.header, measured } };
    await this.publish(noted, encodeEntry(noted, entry.use));
  }

  /** The ids of all entries, without reading them. */
  async ids(): Promise<string[]> {
    return idsIn(join(this.folder, "entries"));
  }

  /** Tries to take the build lock of an entry. */
  takeBuildLock(id: string): Promise<BuildLockAnswer> {
    return takeBuildLock(join(this.folder, "locks", id));
  }

  /** Waits while another process makes an entry. @returns false if the timeout passed first */
  whenUnlocked(id: string, timeoutMs: number): Promise<boolean> {
    return whenUnlocked(join(this.folder, "locks", id), timeoutMs);
  }

  /** Updates the manifest from the entries: reads entries that the manifest lacks, and moves damaged ones away. */
  async reconcile(): Promise<void> {
    const ids = new Set(await this.ids());
    for (const id of this.#manifest.rows.keys()) if (!ids.has(id)) this.#manifest.rows.delete(id);
    for (const id of ids) if (!this.#manifest.rows.has(id)) await this.#readRow(id);
    this.#isManifestWhole = true;
  }

  /** Like `reconcile`, but only if the manifest was lost. */
  async reconcileIfLost(): Promise<void> {
    if (!this.#isManifestWhole) await this.reconcile();
  }

  /** Updates sizes and uses in the manifest, without reading whole entries. */
  async refresh(): Promise<void> {
    await this.reconcile();
    for (const [id, row] of this.#manifest.rows) {
      await this.attempt(() =>
        withEnd(this.pathOf(id), false, async (_handle, end, bytes) => {
          this.#change(id, { ...row, ...useAt(end), bytes });
        }),
      );
    }
  }

  /** Reads and checks all entries. Damaged ones are moved away. */
  async verify(): Promise<{ good: ManifestRow[]; bad: { id: string; reason: string }[] }> {
    const bad: { id: string; reason: string }[] = [];
    this.#manifest.rows.clear();
    for (const id of await this.ids()) {
      const reason = await this.#readRow(id);
      if (reason !== undefined) bad.push({ id, reason });
    }
    this.#isManifestWhole = true;
    return { good: [...this.#manifest.rows.values()], bad };
  }

  /**
   * Removes entries by age and size, and files of dead processes. Programs in use are in memory, so they keep working.
   */
  async prune({ maxAgeDays, maxBytes }: PruneOptions): Promise<PruneAnswer> {
    const now = Date.now();
    await this.refresh();
    // A time in the future comes from a wrong clock. Such an entry counts as used now.
    const age = (row: ManifestRow): number => now - Math.min(row.lastUseMs, now);
    const kept = [...this.#manifest.rows.values()].toSorted((a, b) => age(a) - age(b));
    let keptBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    const before = { count: kept.length, bytes: keptBytes };
    let stuck = 0;
    for (let row = kept.at(-1); row !== undefined; row = kept.at(-1)) {
      const isOld = maxAgeDays !== undefined && age(row) > maxAgeDays * DAY_MS;
      const isTooMuch = maxBytes !== undefined && keptBytes > maxBytes;
      if (!isOld && !isTooMuch) break;
      kept.pop();
      if (await this.#remove(row.id)) keptBytes -= row.bytes;
      else stuck++;
    }
    await removeRemains(
      this.folder,
      (id) => this.has(id),
      (body) => this.attempt(body),
    );
    await this.saveManifest();
    const count = kept.length + stuck;
    return { removed: before.count - count, removedBytes: before.bytes - keptBytes, kept: count, keptBytes };
  }

  /** Removes all entries, also damaged ones, and everything known about them. */
  async clear(): Promise<PruneAnswer> {
    const { good } = await this.verify();
    for (const name of ["entries", "quarantine", "locks", "marks", "tuned", "manifest.json", "stats.json"])
      await this.attempt(() => rm(join(this.folder, name), { recursive: true, force: true }));
    this.#manifest = emptyManifest();
    this.#changed.rows.clear();
    this.#changed.evicted.clear();
    const left = (await this.ids()).length;
    const removedBytes = good.reduce((sum, { bytes }) => sum + bytes, 0);
    return { removed: good.length - left, removedBytes, kept: left, keptBytes: 0 };
  }

  /** Whether something changed that the manifest on disk does not contain. */
  get isChanged(): boolean {
    return this.#changed.rows.size > 0 || this.#changed.evicted.size > 0;
  }

  /** Writes the manifest if it lacks something: changes of this process, or everything because it was lost. */
  async saveManifestIfNeeded(): Promise<void> {
    // A process that exited at once, or was killed, may have stored entries without updating the manifest.
    const isBehind = async (): Promise<boolean> => {
      const ids = await this.ids();
      return ids.some((id) => !this.#manifest.rows.has(id)) || (!this.#isManifestWhole && ids.length > 0);
    };
    if (this.isChanged || (await isBehind())) await this.saveManifest();
  }

  /** Writes the manifest, merged with the changes that other processes wrote meanwhile. */
  async saveManifest(): Promise<void> {
    const path = join(this.folder, "manifest.json");
    const changed = { rows: new Map(this.#changed.rows), evicted: new Set(this.#changed.evicted) };
    this.#changed.rows.clear();
    this.#changed.evicted.clear();
    await this.attempt(() =>
      withBuildLock(join(this.folder, "locks", "manifest"), SIDE_FILE_LOCK_MS, async () => {
        const text = await readRegularText(path, MAX_SIDE_FILE_BYTES);
        const theirs = (text === undefined ? undefined : decodeManifest(text)) ?? emptyManifest();
        for (const [id, row] of changed.rows) {
          if (row === undefined) theirs.rows.delete(id);
          else {
            theirs.rows.set(id, row);
            theirs.evicted.delete(id);
          }
        }
        for (const id of changed.evicted) theirs.evicted.add(id);
        // Keep what other processes know about entries that this process has not seen. Read what nobody knows.
        for (const [id, row] of this.#manifest.rows) if (!theirs.rows.has(id)) theirs.rows.set(id, row);
        this.#manifest = theirs;
        await this.reconcile();
        await writeBytesAtomically(path, new TextEncoder().encode(encodeManifest(theirs)), SIDE_FILE_WRITES);
      }),
    );
  }

  /** The numbers of `stats.json` by name; empty if there are none. */
  readStats(): Promise<Record<string, number>> {
    return readStats(this.folder);
  }

  /** Adds to the numbers of `stats.json`. */
  async addStats(numbers: Readonly<Record<string, number>>): Promise<void> {
    await this.attempt(() => addStats(this.folder, numbers));
  }

  #change(id: string, row: ManifestRow | undefined): void {
    this.#changed.rows.set(id, row);
    if (row === undefined) this.#manifest.rows.delete(id);
    else {
      this.#manifest.rows.set(id, row);
      this.#manifest.evicted.delete(id);
    }
  }

  /** @returns why the entry is damaged; undefined if it is intact */
  async #readRow(id: string): Promise<string | undefined> {
    const answer = await this.read(id, false);
    if (answer.state === "found") this.#manifest.rows.set(id, rowOf(answer.entry, answer.bytes.length));
    return answer.state === "bad" ? answer.reason : undefined;
  }

  async #remove(id: string): Promise<boolean> {
    const isRemoved = await this.attempt(async () => {
      fileFaultAt("cache.removed");
      await unlink(this.pathOf(id));
    });
    if (!isRemoved) return false;
    this.#change(id, undefined);
    this.#manifest.evicted.add(id);
    this.#changed.evicted.add(id);
    return true;
  }

  /** Runs an operation on the disk. Failures of the file system are counted in `troubles`. Other errors are thrown. */
  async attempt(body: () => Promise<void>): Promise<boolean> {
    try {
      await body();
      return true;
    } catch (error) {
      this.#noteFailure(error);
      return false;
    }
  }

  /** @throws errors that are no file system errors */
  #noteFailure(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
    // The file is already gone. That was the goal, or another process removed it.
    if (code === "ENOENT") return;
    this.troubles.writes++;
    this.troubles.last = message;
  }
}
