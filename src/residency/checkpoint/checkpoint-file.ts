/**
 * Checkpoints on disk: saved so that a file is the old one or the new one, whole, whenever the process or the machine
 * stops; loaded so that nothing but what was saved is ever believed.
 *
 *   temporary file ─▶ header ─▶ section, checksum ─▶ … ─▶ fsync ─▶ rename ─▶ fsync of the folder
 *   in the same folder                                             │
 *                             before: the old file is there ───────┴────── after: the new one is there
 *
 * Invariants: a save that fails leaves the old file and no temporary one. What a killed process has left, the next save
 * into that folder removes. A pipe or a device is written into, as it comes. Contents are hashed, read and written in
 * slices, between which the event loop goes on; they are never copied.
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
 * Saves a checkpoint, durably. The sections must not change until the promise settles.
 *
 * @param file a path; what is there is replaced (behind a symbolic link, the file that it leads to); what is no regular
 * file is written into
 * @throws EW_BAD_ARGUMENT for a checkpoint that could not be read again, EW_PATH_NOT_FOUND when the folder is missing,
 * EW_PATH_UNWRITABLE with the system's error as cause. The old file is then as it was, but for a failure to make the
 * folder durable: the new file is in place, and the next loss of power may bring the old one back
 */
export async function saveCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await saveSealedFile(file, CHECKPOINT_FILE, encodeAbout(checkpoint), checkpoint.sections);
}

/** How a checkpoint is loaded. */
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
      const content = allocateSection(section.sizeBytes, file);
      await readSection(section, content);
      contents.set(section.name, content);
    }
    return { identity, progress, sections: contents };
  });
}
