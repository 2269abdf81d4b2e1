/**
 * Checkpoints on disk. Saving is atomic: whenever the process or the machine stops, the file is the complete old one or
 * the complete new one. Loading verifies everything.
 *
 *   temporary file ─▶ header ─▶ section, checksum ─▶ … ─▶ fsync ─▶ rename ─▶ fsync of the folder
 *   in the same folder                                             │
 *                             before: the old file is there ───────┴────── after: the new one is there
 *
 * Invariants: a failed save keeps the old file and leaves no temporary one. The next save into a folder removes files
 * of killed processes. A pipe or a device is written into directly. Content is hashed, read and written in slices, and
 * never copied. Between slices, the event loop runs.
 */

import { saveSealedFile, readSealedFile, allocateSection, type SectionPlace } from "../../storage/index.ts";
import {
  assertIdentity,
  type Checkpoint,
  CHECKPOINT_FILE,
  type CheckpointIdentity,
  encodeAbout,
  readAbout,
} from "./checkpoint-format.ts";

/**
 * Saves a checkpoint durably. The sections must not change until the promise settles.
 *
 * @param file a path. An existing file is replaced; for a symbolic link, its target. A pipe or a device is written into
 * @throws EW_BAD_ARGUMENT for a checkpoint that could not be read again, EW_PATH_NOT_FOUND if the folder is missing,
 * EW_PATH_UNWRITABLE with the system's error as cause. The old file is then unchanged, with one exception: if only the
 * folder could not be made durable, the new file is in place, and a power failure may bring back the old one
 */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await saveSealedFile(file, CHECKPOINT_FILE, encodeAbout(checkpoint), checkpoint.sections);
}

/** Options for loading a checkpoint. */
export interface LoadCheckpointOptions {
  /** Accepts a checkpoint of another device or driver. For state that does not depend on the device. */
  allowOtherDevice?: boolean;
  /** Checks names and sizes before any section is read. @throws the problem that it finds */
  checkSections?: (sections: readonly SectionPlace[]) => void;
}

/**
 * Loads a checkpoint and checks all of it.
 *
 * @param expected the identity of the kernel that will continue from the checkpoint
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
      const content = allocateSection(section.sizeBytes, file);
      await readSection(section, content);
      contents.set(section.name, content);
    }
    return { identity, progress, sections: contents };
  });
}
