/**
 * Saves sealed files (`sealed-format.ts`), and reads and verifies them.
 *
 * Content is read and hashed in slices. Between slices, the event loop runs. Content is read directly into the caller's
 * memory and never copied.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { EverwarpError, fileFaultAt } from "../base/index.ts";
import { type FileSink, writeAtomically, type WriteOptions } from "./atomic-write.ts";
import {
  type About,
  assertSection,
  encodeHead,
  type FileKind,
  type NamedFile,
  PRELUDE_BYTES,
  readHeader,
  readPrelude,
  type SealedHead,
  SECTION_DIGEST_BYTES,
  sectionHash,
  type SectionPlace,
  truncated,
} from "./sealed-format.ts";
import { removeLeftBehind } from "./temporary-file.ts";
import { writeTarget } from "./write-target.ts";

/** Hashing this number of bytes blocks the event loop for an eighth to half of a millisecond. */
export const SLICE_BYTES = 1 << 18;

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

/** A file whose header was read and checked. */
export interface SealedReader extends Pick<SealedHead, "about" | "sections"> {
  /**
   * Reads and checks the content of a section. @param into memory of the section's size; its content is valid only
   * after this has resolved
   */
  readonly readSection: (section: SectionPlace, into: Uint8Array) => Promise<void>;
}

/**
 * Reads a file.
 *
 * @param use reads what it needs; the file is closed afterwards
 * @throws truncated, corrupted and outdated of the file's kind, EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE with the system's
 * error as cause
 */
export function readSealedFile<Result>(
  file: string,
  kind: FileKind,
  use: (reader: SealedReader) => Promise<Result>,
): Promise<Result> {
  const source = { file, kind };
  return explained("read", source, async () => {
    fileFaultAt("restore.opened");
    // O_NONBLOCK: otherwise a named pipe would block until someone writes to it.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const info = await handle.stat();
      if (!info.isFile()) {
        throw new EverwarpError("EW_PATH_UNREADABLE", `the ${kind.noun} ${file} is no regular file`, {
          remedy: `Name a ${kind.noun} that was saved.`,
        });
      }
      const fileBytes = info.size;
      const read = async (offsetBytes: number, sizeBytes: number): Promise<Uint8Array> => {
        const bytes = new Uint8Array(sizeBytes);
        await readInto(handle, bytes, offsetBytes, source);
        return bytes;
      };
      const prelude = readPrelude(await read(0, Math.min(PRELUDE_BYTES, fileBytes)), fileBytes, source);
      const header = await read(PRELUDE_BYTES, prelude.headerBytes);
      const head = readHeader(header, prelude, fileBytes, source);
      return await use({
        about: head.about,
        sections: head.sections,
        readSection: (section, into) => readSection(handle, head, section, into, source),
      });
    } finally {
      await handle.close();
    }
  });
}

/** Memory for the content of a section. @throws EW_OUT_OF_HOST_MEMORY */
export function allocateSection(sizeBytes: number, file: string): Uint8Array {
  try {
    return new Uint8Array(sizeBytes);
  } catch (cause) {
    throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", `${sizeBytes} bytes for a section of ${file}`, {
      remedy: "Give the process more memory.",
      cause,
    });
  }
}

async function readSection(
  handle: FileHandle,
  head: SealedHead,
  section: SectionPlace,
  into: Uint8Array,
  source: NamedFile,
): Promise<void> {
  fileFaultAt("restore.read");
  const hash = sectionHash(head, section);
  for (let start = 0; start < into.length; start += SLICE_BYTES) {
    const slice = into.subarray(start, start + SLICE_BYTES);
    await readInto(handle, slice, section.offsetBytes + start, source);
    hash.update(slice);
  }
  const digest = new Uint8Array(SECTION_DIGEST_BYTES);
  await readInto(handle, digest, section.offsetBytes + section.sizeBytes, source);
  assertSection(section, hash, digest, source);
}

/**
 * Fills `bytes` in several calls, because one call may read less. @throws truncated of the file's kind, if the file
 * shrank meanwhile
 */
async function readInto(
  handle: FileHandle,
  bytes: Uint8Array,
  offsetBytes: number,
  source: NamedFile,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offsetBytes + done);
    if (bytesRead === 0) throw truncated(source, offsetBytes + done, offsetBytes + bytes.length);
    done += bytesRead;
  }
}

/** The error code of the file system, such as ENOENT; undefined for other errors. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Turns errors of the file system into EverwarpErrors. Other errors pass unchanged. */
export async function explained<Result>(
  action: "read" | "written",
  { file, kind }: NamedFile,
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
          remedy: action === "read" ? `Name a ${kind.noun} that was saved.` : "Make its folder first.",
          cause,
        },
      );
    }
    throw new EverwarpError(
      action === "read" ? "EW_PATH_UNREADABLE" : "EW_PATH_UNWRITABLE",
      `the ${kind.noun} ${file} cannot be ${action}: ${String(cause instanceof Error ? cause.message : cause)}`,
      {
        remedy:
          action === "read"
            ? "Change the permissions or the path."
            : "Make room, or change the permissions or the path.",
        cause,
      },
    );
  }
}

/** Saves a sealed file of any kind. @throws as `saveCheckpoint` */
export async function saveSealedFile(
  file: string,
  kind: FileKind,
  about: About,
  sections: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const { bytes, head } = encodeHead(about, sections, kind);
  const contents = [...sections.values()];
  await explained("written", { file, kind }, async () => {
    const target = writeTarget(file);
    // Before the write, so that leftovers do not take space from it.
    if (target.kind === "file") await removeLeftBehind(dirname(target.path));
    await writeAtomically(file, WRITES, async (sink) => {
      await sink.write(bytes);
      for (const [index, section] of head.sections.entries()) {
        await writeSection(sink, head, section, contents[index] as Uint8Array);
      }
    });
  });
}

async function writeSection(
  sink: FileSink,
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
      await sink.write(slice);
    }
  };
  await writeSlices(0, middle);
  fileFaultAt("checkpoint.written");
  await writeSlices(middle, content.length);
  await sink.write(hash.digest());
}
