/**
 * Checkpoints on disk: saved so that a file is the old one or the new one, whole, whenever the process or the machine
 * stops; loaded so that nothing but what was saved is ever believed.
 *
 *   temporary file ─▶ header ─▶ section, checksum ─▶ … ─▶ fsync ─▶ rename ─▶ fsync of the folder
 *   in the same folder                                             │
 *                             before: the old file is there ───────┴────── after: the new one is there
 *
 * Invariants: a save that fails leaves the old file and no temporary one. What a killed process has left, the next save into
 * that folder removes. Contents are hashed, read and written in slices, between which the event loop goes on; they are
 * never copied.
 */

import { createHash, randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { type FileHandle, open, readdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileFaultAt } from "../base/faults.ts";
import {
  assertIdentity,
  type Checkpoint,
  CHECKPOINT_FILE,
  type CheckpointIdentity,
  encodeAbout,
  readAbout,
} from "./checkpoint-format.ts";
import { codeOf, explained, readSealedFile, roomFor, SLICE_BYTES } from "./sealed-file.ts";
import {
  type About,
  encodeHead,
  type FileKind,
  type SealedHead,
  sectionHash,
  type SectionPlace,
} from "./sealed-format.ts";

const TEMPORARY_PREFIX = ".everwarp-checkpoint.";
/** When a temporary file of another machine or container counts as left behind: nobody can ask whether its process lives. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000;

/**
 * Saves a checkpoint, durably. The sections must not change until the promise settles.
 *
 * @param file a path; what is there is replaced (behind a symbolic link, the file that it leads to)
 * @throws EW_BAD_ARGUMENT for a checkpoint that could not be read again, EW_PATH_NOT_FOUND when the folder is missing,
 * EW_PATH_UNWRITABLE with the system's error as cause. The old file is then as it was, but for a failure to make the
 * folder durable: the new file is in place, and the next loss of power may bring the old one back
 */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await saveSealedFile(file, CHECKPOINT_FILE, encodeAbout(checkpoint), checkpoint.sections);
}

/** Saves a sealed file of any kind in the same way. @throws as `saveCheckpoint` */
export async function saveSealedFile(
  file: string,
  kind: FileKind,
  about: About,
  sections: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const { bytes, head } = encodeHead(about, sections, kind);
  const contents = [...sections.values()];
  await explained("written", { file, kind }, async () => {
    const target = await realFile(file);
    const folder = dirname(target);
    await removeLeftBehind(folder);
    const temporary = join(folder, temporaryName());
    fileFaultAt("checkpoint.open");
    const handle = await open(temporary, "wx");
    try {
      try {
        await write(handle, bytes, 0);
        for (const [index, section] of head.sections.entries()) {
          await writeSection(handle, head, section, contents[index] as Uint8Array);
        }
        fileFaultAt("checkpoint.synced");
        await handle.sync();
      } finally {
        await handle.close();
      }
      fileFaultAt("checkpoint.renamed");
      await rename(temporary, target);
    } catch (error) {
      // The first cause is what the caller hears. What cannot be removed now, a later save removes.
      await removeIfThere(temporary).catch(() => undefined);
      throw error;
    }
    fileFaultAt("checkpoint.folder-synced");
    await syncFolder(folder);
  });
}

export interface LoadCheckpointOptions {
  /** Takes a checkpoint of another device or driver: for state that does not depend on it. */
  allowOtherDevice?: boolean;
  /** Looks at names and sizes before any section is read. @throws what is wrong with them */
  checkSections?: (sections: readonly SectionPlace[]) => void;
}

/**
 * Loads a checkpoint and checks all of it.
 *
 * @param expected who wants to go on with it
 * @throws EW_CHECKPOINT_TRUNCATED, EW_CHECKPOINT_CORRUPTED, EW_CHECKPOINT_OUTDATED, EW_CHECKPOINT_OTHER_DEVICE,
 * EW_CHECKPOINT_OTHER_KERNEL, EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE with the system's error as cause
 */
export function loadCheckpoint(
  file: string,
  expected: CheckpointIdentity,
  options: LoadCheckpointOptions = {},
): Promise<Checkpoint> {
  return readSealedFile(file, CHECKPOINT_FILE, async ({ about, sections, readSection }) => {
    const { identity, progress } = readAbout(about, { file, kind: CHECKPOINT_FILE });
    assertIdentity(identity, expected, options.allowOtherDevice === true, file);
    options.checkSections?.(sections);
    const contents = new Map<string, Uint8Array>();
    for (const section of sections) {
      const content = roomFor(section.sizeBytes, file);
      await readSection(section, content);
      contents.set(section.name, content);
    }
    return { identity, progress, sections: contents };
  });
}

async function writeSection(
  handle: FileHandle,
  head: SealedHead,
  section: SectionPlace,
  content: Uint8Array,
): Promise<void> {
  const hash = sectionHash(head, section);
  const middle = content.length >>> 1;
  const writeSlices = async (from: number, to: number): Promise<void> => {
    for (let start = from; start < to; start += SLICE_BYTES) {
      const slice = content.subarray(start, Math.min(start + SLICE_BYTES, to));
      hash.update(slice);
      await write(handle, slice, section.offsetBytes + start);
    }
  };
  await writeSlices(0, middle);
  fileFaultAt("checkpoint.written");
  await writeSlices(middle, content.length);
  await write(handle, hash.digest(), section.offsetBytes + section.sizeBytes);
}

/** Writes all of it: a single call may write less. */
async function write(handle: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offsetBytes + done);
    done += bytesWritten;
  }
}

/** Where a symbolic link leads; a path that does not exist yet is taken as it is. */
async function realFile(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return resolve(file);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeIfThere(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** `.everwarp-checkpoint.<place>.<pid>.<random>`: short enough for every folder, whatever the checkpoint is called. */
function temporaryName(): string {
  return `${TEMPORARY_PREFIX}${placeOfProcess()}.${process.pid}.${randomBytes(6).toString("hex")}`;
}

let place: string | undefined;

/** Where process identifiers mean the same: this machine, and in it this container. */
function placeOfProcess(): string {
  place ??= createHash("sha256").update(`${hostname()} ${processNamespace()}`).digest("hex").slice(0, 12);
  return place;
}

function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "unknown"; // no /proc: then the name of the machine, or container, must do
  }
}

/** Removes the temporary files of processes that were killed while saving. */
async function removeLeftBehind(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const file = join(folder, name);
    const [from, pid] = name.slice(TEMPORARY_PREFIX.length).split(".");
    const isLeft = from === placeOfProcess() ? !isAlive(Number(pid)) : await isOld(file);
    if (isLeft) await removeIfThere(file);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH"; // EPERM: it lives, and belongs to someone else
  }
}

async function isOld(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs > FOREIGN_AGE_MS;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return false; // its owner has just renamed or removed it
  }
}
