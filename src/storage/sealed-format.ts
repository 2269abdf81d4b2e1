/**
 * What the bytes of a sealed file mean: a header in JSON and named sections, all under checksums. Checkpoints and
 * namespaces are such files. Numbers are little-endian, nothing is aligned:
 *
 *   0        8         12             16           24             56             88        88 + header bytes
 *   | magic  | version | header bytes | file bytes | SHA-256 of   | SHA-256 of   | header  | section | its SHA-256 | section | …
 *   |        | u32     | u32          | u64        | bytes 0..23  | the header   | (JSON)  |         |             |         |
 *
 * Invariants: every byte of a file is under a checksum, and the first 56 keep their shape in all versions, so that a
 * damaged file and an outdated one are told apart. No length is believed before its checksum holds and it fits the
 * file. The checksum of a section covers the header's checksum and its own name too: no section passes for another one.
 *
 * A checksum finds accidents, not intent: whoever makes a file makes its checksums too. What the sections hold is
 * checked by those who read them.
 */

import { createHash, type Hash } from "node:crypto";
import { type ErrorCode, EverwarpError } from "../base/index.ts";
import { isCount, isRecord } from "./json-shape.ts";

/** Grows with every change of the format. */
const FORMAT_VERSION = 1;
/** The first byte is no text, the line ends are damaged by transfers that take it for text (as in PNG). */
const MAGIC = Uint8Array.of(0x89, 0x45, 0x57, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
const DIGEST_BYTES = 32;
const PRELUDE_CHECKED_BYTES = 24;
/** Bytes before the header. */
export const PRELUDE_BYTES = PRELUDE_CHECKED_BYTES + 2 * DIGEST_BYTES;
/** Far more than any header has. */
const HEADER_BYTES_MAX = 1 << 20;

/** What a sealed file is to those who save and load it: the words and codes of its errors. */
export interface FileKind {
  /** "checkpoint", "namespace". */
  readonly noun: string;
  readonly truncated: ErrorCode;
  readonly corrupted: ErrorCode;
  readonly outdated: ErrorCode;
}

/** A file that is being read, for errors. */
export interface NamedFile {
  readonly file: string;
  readonly kind: FileKind;
}

/** What the header of a file tells beside its sections. */
export type About = Readonly<Record<string, unknown>>;

/** All of a file but the contents of its sections. */
export interface SealedHead {
  readonly about: About;
  readonly sections: readonly SectionPlace[];
  /** SHA-256 of the header. */
  readonly digest: Uint8Array;
}

/** Where a section lies in a sealed file. */
export interface SectionPlace {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where its content begins in the file; its checksum follows the content. */
  readonly offsetBytes: number;
}

/** What the first bytes of a file tell. */
export interface Prelude {
  readonly headerBytes: number;
  readonly headerDigest: Uint8Array;
}

/**
 * Encodes everything but the sections.
 *
 * @param about is kept as JSON keeps it
 * @returns the bytes before the first section, and where the sections go
 * @throws EW_BAD_ARGUMENT for what could not be read again
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
 * @param bytes `PRELUDE_BYTES` of them, or all that the file has
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
 * @param bytes as many as the prelude said
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

/** The checksum of a section, to be updated with its content. */
export function sectionHash(head: SealedHead, section: SectionPlace): Hash {
  return createHash("sha256").update(head.digest).update(section.name);
}

/** @throws corrupted of the file's kind, when the checksum in the file is not that of the section's content */
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

/** @param namedBytes what the file should have at least */
export function truncated(
  { file, kind }: NamedFile,
  fileBytes: number,
  namedBytes: number | bigint,
): EverwarpError {
  return new EverwarpError(kind.truncated, `${file} ends after ${fileBytes} of ${namedBytes} bytes`, {
    remedy: "Take another copy; what is missing cannot be made up.",
  });
}

/** @param what is wrong with it, as the subject of "cannot be right" */
export function corrupted({ file, kind }: NamedFile, what: string): EverwarpError {
  return new EverwarpError(kind.corrupted, `${file} is damaged: ${what} cannot be right`, {
    remedy: "Take another copy; nothing of this one is used.",
  });
}

interface SizedSection {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Lays sections one behind the other, each with its checksum. */
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
    return undefined; // no JSON: no header either, and the caller says so
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
