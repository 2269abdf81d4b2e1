/**
 * Checkpoints on disk: saved so that a file is the old one or the new one, whole, whenever the process or the machine
 * stops; loaded so that nothing but what was saved is ever believed.
 *
 *   temporary file ─▶ header ─▶ section, checksum ─▶ … ─▶ fsync ─▶ rename ─▶ fsync of the folder
 *   in the same folder                                             │
 *                             before: the old file is there ───────┴────── after: the new one is there
 *
 * Invariants: a save that fails leaves the old file and no temporary one. What a killed process has left, the next save into
 * that folder removes. A pipe or a device is written into, as it comes. Contents are hashed, read and written in slices, between which the
 * event loop goes on; they are never copied.
 */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { EverwarpError } from "../base/errors.ts";
import { fileFaultAt } from "../base/faults.ts";
import { type FileSink, writeAtomically, type WriteOptions } from "../storage/atomic-write.ts";
import { removeLeftBehind } from "../storage/temporary-file.ts";
import { writeTarget } from "../storage/write-target.ts";
import {
  assertIdentity,
  assertSection,
  type Checkpoint,
  type CheckpointHead,
  type CheckpointIdentity,
  encodeHead,
  PRELUDE_BYTES,
  readHeader,
  readPrelude,
  SECTION_DIGEST_BYTES,
  sectionHash,
  type SectionPlace,
  truncated,
} from "./checkpoint-format.ts";

/** Hashing that many takes an eighth to half of a millisecond, for which the event loop stands still. */
const SLICE_BYTES = 1 << 18;
const WRITES: WriteOptions = {
  place: "named",
  isDurable: true,
  points: {
    begun: "checkpoint.open",
    synced: "checkpoint.synced",
    renamed: "checkpoint.renamed",
    folderSynced: "checkpoint.folder-synced",
  },
};

/**
 * Saves a checkpoint, durably. The sections must not change until the promise settles.
 *
 * @param file a path; what is there is replaced (behind a symbolic link, the file that it leads to); what is no regular file is
 * written into
 * @throws EW_BAD_ARGUMENT for a checkpoint that could not be read again, EW_PATH_NOT_FOUND when the folder is missing,
 * EW_PATH_UNWRITABLE with the system's error as cause. The old file is then as it was, but for a failure to make the
 * folder durable: the new file is in place, and the next loss of power may bring the old one back
 */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const { bytes, head } = encodeHead(checkpoint);
  const contents = [...checkpoint.sections.values()];
  await explained("written", file, async () => {
    const target = writeTarget(file);
    // Before the write, so that what was left takes no room from it.
    if (target.kind === "file") await removeLeftBehind(dirname(target.path));
    await writeAtomically(file, WRITES, async (sink) => {
      await sink.write(bytes);
      for (const [index, section] of head.sections.entries()) {
        await writeSection(sink, head, section, contents[index] as Uint8Array);
      }
    });
  });
}

export interface LoadCheckpointOptions {
  /** Takes a checkpoint of another device or driver: for state that does not depend on it. */
  allowOtherDevice?: boolean;
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
  return explained("read", file, async () => {
    fileFaultAt("restore.opened");
    // Without waiting: a named pipe would keep the call until someone writes to it.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size: fileBytes } = await handle.stat();
      const read = async (offsetBytes: number, sizeBytes: number): Promise<Uint8Array> => {
        const bytes = new Uint8Array(sizeBytes);
        await readInto(handle, bytes, offsetBytes, file);
        return bytes;
      };
      const prelude = readPrelude(await read(0, Math.min(PRELUDE_BYTES, fileBytes)), fileBytes, file);
      const header = await read(PRELUDE_BYTES, prelude.headerBytes);
      const head = readHeader(header, prelude, fileBytes, file);
      assertIdentity(head.identity, expected, options.allowOtherDevice === true, file);
      const sections = new Map<string, Uint8Array>();
      for (const section of head.sections) {
        sections.set(section.name, await readSection(handle, head, section, file));
      }
      return { identity: head.identity, progress: head.progress, sections };
    } finally {
      await handle.close();
    }
  });
}

async function writeSection(
  sink: FileSink,
  head: CheckpointHead,
  section: SectionPlace,
  content: Uint8Array,
): Promise<void> {
  const hash = sectionHash(head, section);
  const middle = content.length >>> 1;
  const writeSlices = async (from: number, to: number): Promise<void> => {
    for (let start = from; start < to; start += SLICE_BYTES) {
      const slice = content.subarray(start, Math.min(start + SLICE_BYTES, to));
      hash.update(slice);
      await sink.write(slice);
    }
  };
  await writeSlices(0, middle);
  fileFaultAt("checkpoint.written");
  await writeSlices(middle, content.length);
  await sink.write(hash.digest());
}

async function readSection(
  handle: FileHandle,
  head: CheckpointHead,
  section: SectionPlace,
  file: string,
): Promise<Uint8Array> {
  fileFaultAt("restore.read");
  const content = new Uint8Array(section.sizeBytes);
  const hash = sectionHash(head, section);
  for (let start = 0; start < content.length; start += SLICE_BYTES) {
    const slice = content.subarray(start, start + SLICE_BYTES);
    await readInto(handle, slice, section.offsetBytes + start, file);
    hash.update(slice);
  }
  const digest = new Uint8Array(SECTION_DIGEST_BYTES);
  await readInto(handle, digest, section.offsetBytes + section.sizeBytes, file);
  assertSection(section, hash, digest, file);
  return content;
}

/** Fills `bytes`: a single call may read less. @throws EW_CHECKPOINT_TRUNCATED when the file became shorter meanwhile */
async function readInto(
  handle: FileHandle,
  bytes: Uint8Array,
  offsetBytes: number,
  file: string,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offsetBytes + done);
    if (bytesRead === 0) throw truncated(file, offsetBytes + done, offsetBytes + bytes.length);
    done += bytesRead;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Turns errors of the file system into ours; all others pass. */
async function explained<Result>(
  action: "read" | "written",
  file: string,
  body: () => Promise<Result>,
): Promise<Result> {
  try {
    return await body();
  } catch (cause) {
    const code = codeOf(cause);
    if (cause instanceof EverwarpError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw cause;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new EverwarpError(
        "EW_PATH_NOT_FOUND",
        `${basename(file)} cannot be ${action}: ${file} leads nowhere (${code})`,
        {
          remedy: action === "read" ? "Name a checkpoint that was saved." : "Make its folder first.",
          cause,
        },
      );
    }
    throw new EverwarpError(
      action === "read" ? "EW_PATH_UNREADABLE" : "EW_PATH_UNWRITABLE",
      `the checkpoint ${file} cannot be ${action}: ${String(cause instanceof Error ? cause.message : cause)}`,
      {
        remedy: "Make room, or change the permissions or the path.",
        cause,
      },
    );
  }
}
