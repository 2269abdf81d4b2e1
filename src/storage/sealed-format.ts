/**
 * The format of sealed files: a JSON header and named sections, all with checksums. Checkpoints and namespaces are such
 * files. Numbers are little-endian. Nothing is aligned.
 *
 *   0        8         12             16           24             56             88
 *   | magic  | version | header bytes | file bytes | SHA-256 of   | SHA-256 of   | header  | section | its SHA-256 | …
 *   |        | u32     | u32          | u64        | bytes 0..23  | the header   | (JSON)  |         |             |
 *
 * Invariants: a checksum covers every byte of a file. The first 56 bytes have the same form in all versions, so a
 * damaged file and an outdated file can be distinguished. A length is used only after its checksum was verified and it
 * fits the file. The checksum of a section also covers the header's checksum and the section's name, so no section can
 * replace another.
 *
 * Checksums find accidents, not attacks: whoever makes a file can make its checksums. Readers check the content of the
 * sections themselves.
 */

import { createHash, type Hash } from "node:crypto";
import { type ErrorCode, EverwarpError } from "../base/index.ts";
import { isCount, isRecord } from "./json-shape.ts";

/** Increased with every change of the format. */
const FORMAT_VERSION = 1;
/** The first byte is no text. A transfer in text mode damages the line ends. Both are as in PNG. */
const MAGIC = Uint8Array.of(0x89, 0x45, 0x57, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
const DIGEST_BYTES = 32;
const PRELUDE_CHECKED_BYTES = 24;
/** Bytes before the header. */
export const PRELUDE_BYTES = PRELUDE_CHECKED_BYTES + 2 * DIGEST_BYTES;
/** Size limit of a header; real ones are far smaller. */
const HEADER_BYTES_MAX = 1 << 20;

/** The words and error codes of a kind of sealed file. */
export interface FileKind {
  /** "checkpoint", "namespace". */
  readonly noun: string;
  readonly truncated: ErrorCode;
  readonly corrupted: ErrorCode;
  readonly outdated: ErrorCode;
}

/** The file that is being read, for errors. */
export interface NamedFile {
  readonly file: string;
  readonly kind: FileKind;
}

/** The data in a file's header, apart from its sections. */
export type About = Readonly<Record<string, unknown>>;

/** A file without the content of its sections. */
export interface SealedHead {
  readonly about: About;
  readonly sections: readonly SectionPlace[];
  /** SHA-256 of the header. */
  readonly digest: Uint8Array;
}

/** The position of a section in a sealed file. */
export interface SectionPlace {
  readonly name: string;
  readonly sizeBytes: number;
  /** The offset of the content in the file. The checksum follows the content. */
  readonly offsetBytes: number;
}

/** The data in the first bytes of a file. */
export interface Prelude {
  readonly headerBytes: number;
  readonly headerDigest: Uint8Array;
}

/**
 * Encodes everything except the sections.
 *
 * @param about is stored as JSON
 * @returns the bytes before the first section, and the positions of the sections
 * @throws EW_BAD_ARGUMENT for data that could not be read again
 */
export function encodeHead(
  about: About,
  contents: ReadonlyMap<string, Uint8Array>,
  kind: FileKind,
): { bytes: Uint8Array; head: SealedHead; fileBytes: number } {
  const sizes = [...contents].map(([name, { byteLength }]) => ({ name, sizeBytes: byteLength }));
  const header = Buffer.from(JSON.stringify({ ...about, sections: sizes }));
  if (header.length > HEADER_BYTES_MAX) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `a ${kind.noun} with a header of ${header.length} bytes cannot be kept`,
      { remedy: `It may have at most ${HEADER_BYTES_MAX} bytes: give shorter texts and fewer sections.` },
    );
  }
  const { sections, endBytes: fileBytes } = placeSections(sizes, PRELUDE_BYTES + header.length);
  const digest = sha256(header);
  const bytes = Buffer.alloc(PRELUDE_BYTES + header.length);
  bytes.set(MAGIC, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.writeUInt32LE(header.length, 12);
  bytes.writeBigUInt64LE(BigInt(fileBytes), 16);
  bytes.set(sha256(bytes.subarray(0, PRELUDE_CHECKED_BYTES)), PRELUDE_CHECKED_BYTES);
  bytes.set(digest, PRELUDE_CHECKED_BYTES + DIGEST_BYTES);
  bytes.set(header, PRELUDE_BYTES);
  return { bytes, head: { about, sections, digest }, fileBytes };
}

/**
 * Reads the first bytes of a file.
 *
 * @param bytes the first `PRELUDE_BYTES` bytes, or fewer if the file is shorter
 * @param fileBytes the file's real size
 * @throws truncated, corrupted and outdated of the file's kind
 */
export function readPrelude(bytes: Uint8Array, fileBytes: number, source: NamedFile): Prelude {
  const { file, kind } = source;
  const prelude = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen = Math.min(MAGIC.length, prelude.length);
  if (Buffer.compare(prelude.subarray(0, seen), MAGIC.subarray(0, seen)) !== 0) {
    throw new EverwarpError(kind.corrupted, `${file} does not begin as the file of a ${kind.noun} does`, {
      remedy: `Name a file that was saved as a ${kind.noun}.`,
    });
  }
  if (prelude.length < PRELUDE_BYTES) throw truncated(source, fileBytes, PRELUDE_BYTES);
  if (!isSha256Of(prelude.subarray(PRELUDE_CHECKED_BYTES), prelude.subarray(0, PRELUDE_CHECKED_BYTES))) {
    throw corrupted(source, "its first bytes");
  }
  const version = prelude.readUInt32LE(8);
  if (version !== FORMAT_VERSION) {
    throw new EverwarpError(
      kind.outdated,
      `${file} has version ${version} of the format, and this is everwarp with version ${FORMAT_VERSION}`,
      { remedy: "Load it with the version of everwarp that saved it." },
    );
  }
  const namedBytes = prelude.readBigUInt64LE(16);
  if (namedBytes > BigInt(fileBytes)) throw truncated(source, fileBytes, namedBytes);
  const headerBytes = prelude.readUInt32LE(12);
  const isTooLarge = headerBytes > HEADER_BYTES_MAX || headerBytes > fileBytes - PRELUDE_BYTES;
  if (namedBytes < BigInt(fileBytes) || isTooLarge) throw corrupted(source, "its size");
  const headerDigest = prelude.subarray(PRELUDE_CHECKED_BYTES + DIGEST_BYTES, PRELUDE_BYTES);
  return { headerBytes, headerDigest };
}

/**
 * Reads the header.
 *
 * @param bytes the header, with the size from the prelude
 * @throws corrupted of the file's kind
 */
export function readHeader(
  bytes: Uint8Array,
  prelude: Prelude,
  fileBytes: number,
  source: NamedFile,
): SealedHead {
  if (!isSha256Of(prelude.headerDigest, bytes)) throw corrupted(source, "its header");
  const header = parseJson(bytes);
  if (!isHeader(header)) throw corrupted(source, "its header");
  const { sections: sizes, ...about } = header;
  const { sections, endBytes } = placeSections(sizes, PRELUDE_BYTES + bytes.length);
  if (endBytes !== fileBytes) throw corrupted(source, "the sizes of its sections");
  return { about, sections, digest: prelude.headerDigest };
}

/** The hash of a section, to be updated with the section's content. */
export function sectionHash(head: SealedHead, section: SectionPlace): Hash {
  return createHash("sha256").update(head.digest).update(section.name);
}

/** @throws corrupted of the file's kind, if the checksum in the file does not match the section's content */
export function assertSection(
  section: SectionPlace,
  hash: Hash,
  digest: Uint8Array,
  source: NamedFile,
): void {
  if (!hash.digest().equals(digest)) throw corrupted(source, `the section "${section.name}"`);
}

/** Bytes of the checksum after each section. */
export const SECTION_DIGEST_BYTES = DIGEST_BYTES;

/** @param namedBytes the size that the file should have at least */
export function truncated(
  { file, kind }: NamedFile,
  fileBytes: number,
  namedBytes: number | bigint,
): EverwarpError {
  return new EverwarpError(kind.truncated, `${file} ends after ${fileBytes} of ${namedBytes} bytes`, {
    remedy: "Use another copy. The missing part cannot be restored.",
  });
}

/** @param what is wrong, as the subject of "cannot be right" */
export function corrupted({ file, kind }: NamedFile, what: string): EverwarpError {
  return new EverwarpError(kind.corrupted, `${file} is damaged: ${what} cannot be right`, {
    remedy: "Use another copy. No part of this one is used.",
  });
}

interface SizedSection {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Places the sections one behind the other, each with its checksum. */
function placeSections(
  sizes: readonly SizedSection[],
  startBytes: number,
): { sections: SectionPlace[]; endBytes: number } {
  let endBytes = startBytes;
  const sections = sizes.map(({ name, sizeBytes }) => {
    const offsetBytes = endBytes;
    endBytes += sizeBytes + DIGEST_BYTES;
    return { name, sizeBytes, offsetBytes };
  });
  return { sections, endBytes };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined; // no JSON, so no header; the caller reports it
  }
}

interface Header {
  readonly sections: readonly SizedSection[];
  readonly [name: string]: unknown;
}

function isHeader(value: unknown): value is Header {
  if (!isRecord(value)) return false;
  const { sections } = value;
  return (
    Array.isArray(sections) &&
    (sections as unknown[]).every(
      (section) => isRecord(section) && typeof section["name"] === "string" && isCount(section["sizeBytes"]),
    ) &&
    new Set((sections as SizedSection[]).map(({ name }) => name)).size === sections.length
  );
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function isSha256Of(digest: Uint8Array, bytes: Uint8Array): boolean {
  return sha256(bytes).equals(digest.subarray(0, DIGEST_BYTES));
}
