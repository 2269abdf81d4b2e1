/**
 * Prevents a driver from crashing twice on the same data.
 *
 *     mark on disk ──▶ driver works on the data ──▶ mark removed
 *
 * If a mark's process is gone, the process died while the driver worked.
 *
 * The driver runs synchronously on the calling thread. So a process with one thread leaves at most one mark when it
 * dies: the mark of the guilty entry. If several threads had marks, one of their entries is guilty, and it is unknown
 * which.
 *
 *     marks/<id>~<process token>~<thread>      the driver is working on this entry
 *     marks/<id>~suspicion                     how likely it is that this entry's data crashes the driver
 *
 * Invariants:
 * - A dead process that left one mark adds 1 to the entry's suspicion. One that left n marks adds 1/n to each entry.
 * - After each crash the entry's data is dropped and rebuilt from SPIR-V. The new data is tried. From a suspicion of
 *   `CONDEMNED` on, the data is neither used nor stored for a time. That time doubles with each crash.
 * - An entry whose data loads without a crash is cleared. So crashes among many programs condemn no innocent entry.
 * - The mark of a living process is no crash. If no mark can be written, the data is not used: SPIR-V always works.
 */

import { closeSync, constants, lstatSync, openSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { fileFaultAt } from "../../base/index.ts";
import {
  writeBytesAtomicallySync,
  isAmount,
  isBoolean,
  isObject,
  parseJson,
  makeFolderSync,
  PRIVATE_FOLDER_MODE,
  isGone,
  processToken,
  readRegularTextSync,
} from "../../storage/index.ts";

/** The number of crashes after which an entry's data is not used for a while. */
const CONDEMNED = 2;
const FIRST_SENTENCE_MS = 24 * 3600 * 1000;
const LONGEST_SENTENCE_MS = 60 * FIRST_SENTENCE_MS;

/** Whether the data of an entry may be used. */
export type Verdict =
  /** The driver may get the data, inside a mark. */
  | "good"
  /** The driver crashed on the data, or may have. The data must be rebuilt. */
  | "rebuild"
  /** The driver crashed on this entry's data repeatedly. The data is neither used nor stored for now. */
  | "condemned";

interface Suspicion {
  /** Number of crashes. A crash with several possible causes counts as a fraction. */
  readonly crashes: number;
  readonly lastMs: number;
  /** Whether the data was rebuilt since the last crash. */
  readonly isRebuilt: boolean;
}

const isSuspicion = isObject({ crashes: isAmount, lastMs: isAmount, isRebuilt: isBoolean });
/** Size limit of a suspicion file; real ones are far smaller. */
const SUSPICION_BYTES_MAX = 1 << 16;
/** Creates a missing file. Never waits for a pipe and never follows a link. */
const MARK_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW;

/** Watches the entries of one store: an entry on which a driver crashed is not given to that driver again. */
export class CrashGuard {
  /** The folders for marks. The first writable one is used. */
  readonly #folders: readonly string[];
  /** A folder among the temporary files. Another user could have created it first. */
  readonly #shared: string;
  /** Entries that were found under suspicion. */
  readonly #suspects = new Set<string>();
  /** Crashes that this guard found. */
  crashesFound = 0;

  /**
   * @param folder of the store. If it is not writable, the guard uses a folder of this user among the temporary files
   */
  constructor(folder: string) {
    const hash = createHash("sha256").update(folder).digest("hex").slice(0, 16);
    const user = process.geteuid?.() ?? 0;
    this.#shared = join(tmpdir(), `everwarp-marks-${user}`);
    this.#folders = [join(folder, "marks"), join(this.#shared, hash)];
  }

  /** The verdict on an entry from its marks and suspicions. Without any, it takes about ten microseconds. */
  judge(id: string): Verdict {
    const names = this.#names();
    if (names.length === 0) return "good";
    this.#condemnDead(names);
    const suspicion = this.#suspicionOf(id);
    if (suspicion === undefined) return "good";
    this.#suspects.add(id);
    if (suspicion.crashes >= CONDEMNED) {
      const doublings = Math.floor(suspicion.crashes) - CONDEMNED;
      const sentenceMs = Math.min(FIRST_SENTENCE_MS * 2 ** doublings, LONGEST_SENTENCE_MS);
      // The absolute value: after a clock was set back, an entry must not stay condemned for years.
      if (Math.abs(Date.now() - suspicion.lastMs) < sentenceMs) return "condemned";
    }
    return suspicion.isRebuilt ? "good" : "rebuild";
  }

  /**
   * Runs code that may crash the process, inside a mark.
   *
   * @returns undefined if no mark could be written; the code was then not run
   */
  guarded<T>(id: string, body: () => T): { value: T } | undefined {
    const mark = this.#mark(id);
    if (mark === undefined) return undefined;
    try {
      const value = body();
      if (this.#suspects.delete(id)) this.#clear(id);
      return { value };
    } finally {
      // If removal fails, the mark belongs to this living process and is ignored until the process ends.
      removeFile(mark);
    }
  }

  /** Notes that the driver rebuilt the entry's data, so the data may be tried again. */
  rebuilt(id: string): void {
    const suspicion = this.#suspicionOf(id);
    if (suspicion !== undefined) this.#suspect(id, { ...suspicion, isRebuilt: true });
  }

  #names(): { folder: string; name: string }[] {
    return this.#folders.flatMap((folder) => {
      try {
        if (!this.#isTrusted(folder)) return [];
        return readdirSync(folder).map((name) => ({ folder, name }));
      } catch {
        return []; // the folder does not exist before the first mark
      }
    });
  }

  /** Turns the marks of dead processes into suspicions. */
  #condemnDead(names: readonly { folder: string; name: string }[]): void {
    const byOwner = new Map<string, { path: string; id: string }[]>();
    for (const { folder, name } of names) {
      const [id = "", owner = "", thread] = name.split("~");
      if (thread === undefined) continue;
      const path = join(folder, name);
      const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (mtimeMs === undefined || !isGone(owner, Date.now() - mtimeMs)) continue;
      byOwner.set(owner, [...(byOwner.get(owner) ?? []), { path, id }]);
    }
    for (const marks of byOwner.values()) {
      this.crashesFound++;
      for (const { path, id } of marks) {
        // Only the process that removes the mark counts it.
        if (!removeFile(path)) continue;
        const crashes = (this.#suspicionOf(id)?.crashes ?? 0) + 1 / marks.length;
        this.#suspect(id, { crashes, lastMs: Date.now(), isRebuilt: false });
      }
    }
  }

  #suspicionOf(id: string): Suspicion | undefined {
    for (const folder of this.#folders) {
      const text = this.#isTrusted(folder)
        ? readRegularTextSync(join(folder, `${id}~suspicion`), SUSPICION_BYTES_MAX)
        : undefined;
      const value = text === undefined ? undefined : parseJson(text);
      // A missing or damaged file counts as no suspicion. The next crash counts again.
      if (isSuspicion(value)) return value as Suspicion;
    }
    return undefined;
  }

  #suspect(id: string, suspicion: Suspicion): void {
    this.#inFirstFolder((folder) => {
      const path = join(folder, `${id}~suspicion`);
      writeBytesAtomicallySync(path, Buffer.from(JSON.stringify(suspicion)), { place: "own" });
      return path;
    });
  }

  #clear(id: string): void {
    for (const folder of this.#folders) removeFile(join(folder, `${id}~suspicion`));
  }

  #mark(id: string): string | undefined {
    return this.#inFirstFolder((folder) => {
      const path = join(folder, `${id}~${processToken()}~${threadId}`);
      fileFaultAt("cache.marked");
      closeSync(openSync(path, MARK_FLAGS, 0o600));
      return path;
    });
  }

  /** Whether a folder belongs to this user or does not exist yet. The store's own folder is always trusted. */
  #isTrusted(folder: string): boolean {
    if (dirname(folder) !== this.#shared) return true;
    const info = lstatSync(this.#shared, { throwIfNoEntry: false });
    return info === undefined || (info.isDirectory() && info.uid === process.geteuid?.());
  }

  /** Writes to the first folder where that is possible. */
  #inFirstFolder(write: (folder: string) => string): string | undefined {
    for (const folder of this.#folders) {
      try {
        if (this.#isTrusted(folder)) return write(folder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") continue;
      }
      try {
        makeFolderSync(folder, PRIVATE_FOLDER_MODE);
        if (this.#isTrusted(folder)) return write(folder);
      } catch {
        continue; // not writable; try the next folder
      }
    }
    return undefined;
  }
}

/** @returns whether this call removed the file */
function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
