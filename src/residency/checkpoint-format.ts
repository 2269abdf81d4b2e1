/**
 * What the bytes of a checkpoint file mean. Numbers are little-endian, nothing is aligned:
 *
 *   0        8         12             16           24             56             88        88 + header bytes
 *   | magic  | version | header bytes | file bytes | SHA-256 of   | SHA-256 of   | header  | section | its SHA-256 | section | …
 *   |        | u32     | u32          | u64        | bytes 0..23  | the header   | (JSON)  |         |             |         |
 *
 * Invariants: every byte of a file is under a checksum, and the first 56 keep their shape in all versions, so that a damaged
 * file and an outdated one are told apart. No length is believed before its checksum holds and it fits the file. The
 * checksum of a section covers the header's checksum and its own name too: no section passes for another one.
 */

import { createHash, type Hash } from "node:crypto";
import { EverwarpError } from "../base/errors.ts";

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

/** Who can read the state in a checkpoint: texts that are equal or not. */
export interface CheckpointIdentity {
  /** The device's model and identity. */
  readonly deviceKey: string;
  /** The driver and its version. */
  readonly driverKey: string;
  /** The kernel's code: a hash of its SPIR-V. */
  readonly kernelKey: string;
  /** A hash of the layouts of request, response and state. */
  readonly layoutHash: string;
}

type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** How far a kernel had come. Counts are non-negative safe integers. */
export interface CheckpointProgress {
  /** Ticks of the loop that the kernel has run, over all its launches. */
  readonly iterations: number;
  /** Why the kernel was not running: `parked`, `idle`, `stopped`. */
  readonly phase: string;
  /** Sequence number of the last request that was answered, by lane. */
  readonly sequences: readonly number[];
  /** Requests taken, over all lanes. */
  readonly taken: number;
  readonly workgroupCount: number;
  /** What else its writer wants to find again. */
  readonly details?: JsonValue;
}

/** The state of a kernel between two launches. */
export interface Checkpoint {
  readonly identity: CheckpointIdentity;
  readonly progress: CheckpointProgress;
  /** By name, in the order of the file. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** All of a checkpoint but the contents of its sections. */
export interface CheckpointHead extends Omit<Checkpoint, "sections"> {
  readonly sections: readonly SectionPlace[];
  /** SHA-256 of the header. */
  readonly digest: Uint8Array;
}

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
 * @returns the bytes before the first section, and where the sections go
 * @throws EW_BAD_ARGUMENT for what could not be read again
 */
export function encodeHead(checkpoint: Checkpoint): {
  bytes: Uint8Array;
  head: CheckpointHead;
  fileBytes: number;
} {
  const { identity, progress } = checkpoint;
  const sizes = [...checkpoint.sections].map(([name, { byteLength }]) => ({ name, sizeBytes: byteLength }));
  const header = Buffer.from(JSON.stringify({ identity, progress, sections: sizes }));
  if (header.length > HEADER_BYTES_MAX || !isHeader(JSON.parse(header.toString()))) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `a checkpoint with a header of ${header.length} bytes that cannot be kept`,
      {
        remedy: `Give texts, non-negative safe integers, named sections, and at most ${HEADER_BYTES_MAX} bytes.`,
      },
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
  return { bytes, head: { identity, progress, sections, digest }, fileBytes };
}

/**
 * Reads the first bytes of a file.
 *
 * @param bytes `PRELUDE_BYTES` of them, or all that the file has
 * @param fileBytes the file's real size
 * @throws EW_CHECKPOINT_TRUNCATED, EW_CHECKPOINT_CORRUPTED, EW_CHECKPOINT_OUTDATED
 */
export function readPrelude(bytes: Uint8Array, fileBytes: number, file: string): Prelude {
  const prelude = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen = Math.min(MAGIC.length, prelude.length);
  if (Buffer.compare(prelude.subarray(0, seen), MAGIC.subarray(0, seen)) !== 0) {
    throw new EverwarpError("EW_CHECKPOINT_CORRUPTED", `${file} does not begin as a checkpoint does`, {
      remedy: "Name a file that was saved as a checkpoint.",
    });
  }
  if (prelude.length < PRELUDE_BYTES) throw truncated(file, fileBytes, PRELUDE_BYTES);
  if (!isSha256Of(prelude.subarray(PRELUDE_CHECKED_BYTES), prelude.subarray(0, PRELUDE_CHECKED_BYTES))) {
    throw corrupted(file, "its first bytes");
  }
  const version = prelude.readUInt32LE(8);
  if (version !== FORMAT_VERSION) {
    throw new EverwarpError(
      "EW_CHECKPOINT_OUTDATED",
      `${file} has version ${version} of the format, and this is everwarp with version ${FORMAT_VERSION}`,
      { remedy: "Restore it with the version of everwarp that saved it." },
    );
  }
  const namedBytes = prelude.readBigUInt64LE(16);
  if (namedBytes > BigInt(fileBytes)) throw truncated(file, fileBytes, namedBytes);
  const headerBytes = prelude.readUInt32LE(12);
  const isTooLarge = headerBytes > HEADER_BYTES_MAX || headerBytes > fileBytes - PRELUDE_BYTES;
  if (namedBytes < BigInt(fileBytes) || isTooLarge) throw corrupted(file, "its size");
  const headerDigest = prelude.subarray(PRELUDE_CHECKED_BYTES + DIGEST_BYTES, PRELUDE_BYTES);
  return { headerBytes, headerDigest };
}

/**
 * Reads the header.
 *
 * @param bytes as many as the prelude said
 * @throws EW_CHECKPOINT_CORRUPTED
 */
export function readHeader(
  bytes: Uint8Array,
  prelude: Prelude,
  fileBytes: number,
  file: string,
): CheckpointHead {
  if (!isSha256Of(prelude.headerDigest, bytes)) throw corrupted(file, "its header");
  const header = parseJson(bytes);
  if (!isHeader(header)) throw corrupted(file, "its header");
  const { identity, progress } = header;
  const { sections, endBytes } = placeSections(header.sections, PRELUDE_BYTES + bytes.length);
  if (endBytes !== fileBytes) throw corrupted(file, "the sizes of its sections");
  return { identity, progress, sections, digest: prelude.headerDigest };
}

/** The checksum of a section, to be updated with its content. */
export function sectionHash(head: CheckpointHead, section: SectionPlace): Hash {
  return createHash("sha256").update(head.digest).update(section.name);
}

/** @throws EW_CHECKPOINT_CORRUPTED when the checksum in the file is not that of the section's content */
export function assertSection(section: SectionPlace, hash: Hash, digest: Uint8Array, file: string): void {
  if (!hash.digest().equals(digest)) throw corrupted(file, `the section "${section.name}"`);
}

/** Bytes of the checksum after each section. */
export const SECTION_DIGEST_BYTES = DIGEST_BYTES;

/**
 * Whether a checkpoint is for those who want to restore it.
 *
 * @throws EW_CHECKPOINT_OTHER_KERNEL, EW_CHECKPOINT_OUTDATED, EW_CHECKPOINT_OTHER_DEVICE, in this order
 */
export function assertIdentity(
  found: CheckpointIdentity,
  expected: CheckpointIdentity,
  allowOtherDevice: boolean,
  file: string,
): void {
  const differs = (key: keyof CheckpointIdentity): string | undefined =>
    found[key] === expected[key] ? undefined : `its ${key} is ${found[key]} and not ${expected[key]}`;
  const kernel = differs("kernelKey");
  if (kernel !== undefined) {
    throw new EverwarpError("EW_CHECKPOINT_OTHER_KERNEL", `${file} comes from another kernel: ${kernel}`, {
      remedy: "Restore it with the very kernel that saved it, or start anew.",
    });
  }
  const layout = differs("layoutHash");
  if (layout !== undefined) {
    throw new EverwarpError(
      "EW_CHECKPOINT_OUTDATED",
      `${file} holds other structs than the kernel has now: ${layout}`,
      {
        remedy: "Restore it with the request, response and state of that time, or start anew.",
      },
    );
  }
  const device = differs("deviceKey") ?? differs("driverKey");
  if (device !== undefined && !allowOtherDevice) {
    throw new EverwarpError("EW_CHECKPOINT_OTHER_DEVICE", `${file} comes from another device: ${device}`, {
      remedy: "Set allowOtherDevice when the kernel's state does not depend on the device.",
    });
  }
}

/** @param namedBytes what the file should have at least */
export function truncated(file: string, fileBytes: number, namedBytes: number | bigint): EverwarpError {
  return new EverwarpError(
    "EW_CHECKPOINT_TRUNCATED",
    `${file} ends after ${fileBytes} of ${namedBytes} bytes`,
    {
      remedy: "Take another copy; what is missing cannot be made up.",
    },
  );
}

function corrupted(file: string, what: string): EverwarpError {
  return new EverwarpError("EW_CHECKPOINT_CORRUPTED", `${file} is damaged: ${what} cannot be right`, {
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

interface Header extends Omit<Checkpoint, "sections"> {
  readonly sections: readonly SizedSection[];
}

function isHeader(value: unknown): value is Header {
  if (!isRecord(value)) return false;
  const { identity, progress, sections } = value;
  if (!isRecord(identity) || !isRecord(progress) || !Array.isArray(sections)) return false;
  const keys: (keyof CheckpointIdentity)[] = ["deviceKey", "driverKey", "kernelKey", "layoutHash"];
  const { iterations, phase, sequences, taken, workgroupCount } = progress;
  return (
    keys.every((key) => typeof identity[key] === "string") &&
    typeof phase === "string" &&
    Array.isArray(sequences) &&
    [iterations, taken, workgroupCount, ...(sequences as unknown[])].every(isCount) &&
    (sections as unknown[]).every(
      (section) => isRecord(section) && typeof section["name"] === "string" && isCount(section["sizeBytes"]),
    ) &&
    new Set((sections as SizedSection[]).map(({ name }) => name)).size === sections.length
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function isSha256Of(digest: Uint8Array, bytes: Uint8Array): boolean {
  return sha256(bytes).equals(digest.subarray(0, DIGEST_BYTES));
}
