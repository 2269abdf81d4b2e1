/**
 * Data that a driver died of is not shown to it again.
 *
 *     mark on disk ──▶ driver at work on the data ──▶ mark removed
 *
 * A mark whose process is gone tells that the process died in between.
 *
 * The driver is called on one thread and returns before anything else is done there, so a process that dies leaves one
 * mark, of the very entry. Where several threads of it had marks, one of them is guilty and it is not known which.
 *
 *     marks/<id>~<process token>~<thread>      in the driver's hands
 *     marks/<id>~suspicion                     how sure it is that the driver dies of this entry's data
 *
 * Invariants:
 * - A process that left one mark adds 1 to the entry's suspicion, one that left n adds 1/n to each. Data is used while
 *   the suspicion is below that of its last rebuild: after each crash the data is dropped, made anew from SPIR-V, and
 *   the new data is tried; from `CONDEMNED` on it is neither tried nor kept, for a time that doubles with each crash.
 * - Data that was loaded well clears its entry: crashes among many programs condemn none of the innocent.
 * - The mark of a process that lives is no crash. Where no mark can be written, the data is not used: SPIR-V always
 *   works.
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

/** Crashes after which data of an entry is given up for a while. */
const CONDEMNED = 2;
const FIRST_SENTENCE_MS = 24 * 3600 * 1000;
const LONGEST_SENTENCE_MS = 60 * FIRST_SENTENCE_MS;

/** What may be done with the data of an entry. */
export type Verdict =
  /** It may be shown to the driver, inside a mark. */
  | "good"
  /** The driver died of it, or may have: it is to be made anew. */
  | "rebuild"
  /** The driver dies of this entry's data again and again: it is to be neither used nor kept for now. */
  | "condemned";

interface Suspicion {
  /** Crashes, in parts where it was one of several. */
  readonly crashes: number;
  readonly lastMs: number;
  /** Whether data was made anew since the last crash. */
  readonly isRebuilt: boolean;
}

const isSuspicion = isObject({ crashes: isAmount, lastMs: isAmount, isRebuilt: isBoolean });
/** Far more than a suspicion has. */
const SUSPICION_BYTES_MAX = 1 << 16;
/** Made where it is missing; a pipe or a link that has the name is neither waited for nor followed. */
const MARK_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW;

/** Watches over the entries of one store: an entry on which a driver crashed is not shown to that driver again. */
export class CrashGuard {
  /** Where the marks lie, the first place that can be written to first. */
  readonly #folders: readonly string[];
  /** Among the temporary files, where anybody could have made it before us. */
  readonly #shared: string;
  /** Entries that were found to be under suspicion. */
  readonly #suspects = new Set<string>();
  /** Crashes that this guard found. */
  crashesFound = 0;

  /**
   * @param folder of the store; where it cannot be written to, a folder of this user's among the temporary files is
   * used
   */
  constructor(folder: string) {
    const hash = createHash("sha256").update(folder).digest("hex").slice(0, 16);
    const user = process.geteuid?.() ?? 0;
    this.#shared = join(tmpdir(), `everwarp-marks-${user}`);
    this.#folders = [join(folder, "marks"), join(this.#shared, hash)];
  }

  /** What the marks and suspicions say of an entry. Takes some ten microseconds while there are none. */
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
      // Both ways: after a clock was set back, the sentence must not last for years.
      if (Math.abs(Date.now() - suspicion.lastMs) < sentenceMs) return "condemned";
    }
    return suspicion.isRebuilt ? "good" : "rebuild";
  }

  /**
   * Runs what may end the process, with a mark around it.
   *
   * @returns undefined when no mark could be written: then it was not run
   */
  guarded<T>(id: string, body: () => T): { value: T } | undefined {
    const mark = this.#mark(id);
    if (mark === undefined) return undefined;
    try {
      const value = body();
      if (this.#suspects.delete(id)) this.#clear(id);
      return { value };
    } finally {
      // A mark that stays is this process's own: it says nothing until the process is gone.
      removeFile(mark);
    }
  }

  /** Data of the entry was made anew by the driver and may be tried again. */
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
        return []; // there is none until the first mark
      }
    });
  }

  /** Turns the marks of processes that are gone into suspicions. */
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
        // Whoever removes the mark is the one to count it.
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
      // None, or damaged: what a crash wrote down counts again with the next one.
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

  /**
   * Whether a folder is this user's own, or not there yet; where it is the store's, that is for who chose it to know.
   */
  #isTrusted(folder: string): boolean {
    if (dirname(folder) !== this.#shared) return true;
    const info = lstatSync(this.#shared, { throwIfNoEntry: false });
    return info === undefined || (info.isDirectory() && info.uid === process.geteuid?.());
  }

  /** Writes in the first folder where that is possible. */
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
        continue; // not here; nowhere is an answer, too
      }
    }
    return undefined;
  }
}

/** @returns whether it was this call that removed it */
function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
