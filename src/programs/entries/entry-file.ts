/**
 * One program on disk: a file that needs nothing beside it.
 *
 *     ┌ 24 bytes ─────────────────────────────┬ JSON ──┬ bytes ─┬ bytes ───┬ 32 bytes ─┬ 32 bytes ──┐
 *     │ magic, format, size of header, of all │ header │ SPIR-V │ driver's │ SHA-256   │ record of  │
 *     │                                       │        │        │ data     │ of all    │ its use    │
 *     └───────────────────────────────────────┴────────┴────────┴──────────┴─ before ──┴────────────┘
 *
 * Invariants: all but the record of use never changes once the file is published. Nothing of a file is believed before
 * its digest is checked: drivers trust their data blindly. The record of use is overwritten in place, by many
 * processes; it has a check of its own, and one that fails costs the record and not the entry. Any bytes at all decode
 * to an entry or to a reason.
 */

import { createHash } from "node:crypto";
import {
  fieldOf,
  isAmount,
  isCount,
  isListOf,
  isMapOf,
  isObject,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  type Shape,
} from "../../storage/index.ts";
import type { PipelineData } from "../../vulkan/index.ts";

/**
 * Grows with every change of the layout or of the meaning of a field. Part of every key, so versions share a folder.
 */
export const ENTRY_FORMAT = 1;
/** The form of an entry's name. Whatever is not of it is never made a path. */
export const ENTRY_ID = /^[0-9a-f]{32}\.[0-9a-f]{16}\.[0-9a-f]{16}$/;

const MAGIC = new Uint8Array([0x89, 0x45, 0x57, 0x50, 0x0d, 0x0a, 0x1a, 0x0a]); // as PNG's: a transfer as text shows
const PRELUDE_BYTES = 24;
const DIGEST_BYTES = 32;
const USE_BYTES = 32;
/** What decides where the record of use lies in a file: it is the end. */
export const USE_RECORD_BYTES = USE_BYTES;
/** More than any program has; what is larger is not read into memory. */
export const MAX_ENTRY_BYTES = 512 * 1024 * 1024;

/** A device and its driver in words, as far as they change what a driver makes of SPIR-V. */
export interface TargetInfo {
  readonly device: string;
  readonly driver: string;
  /** The driver's own word for what its pipeline data is good for. */
  readonly dataKey: string;
}

/** What was measured of a program by `tune`. */
export interface MeasuredPerformance {
  /** Which variant it is. */
  readonly variant: string;
  /** What the benchmark gave: smaller is better. */
  readonly figure: number;
  readonly measuredAtMs: number;
}

/** What an entry says of itself. */
export interface EntryHeader {
  /** The name of its file: module, variant and target, hexadecimal, with dots between. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** What stays the same when its source is edited. */
  readonly nameKey: string;
  readonly target: TargetInfo;
  /** What made SPIR-V of the source. */
  readonly compiler: string;
  readonly entryPoint: string;
  /** Specialization constants as 32-bit words, by constant_id. */
  readonly constants: Readonly<Record<string, number>>;
  readonly pushConstantBytes: number;
  /** SHA-256 of all that the pipeline is made from, the SPIR-V's bytes included. */
  readonly pipelineKey: string;
  readonly createdAtMs: number;
  /** Milliseconds that compiling to SPIR-V took; 0 where the build had done it. */
  readonly compileMs: number;
  /** Milliseconds that the driver took to make a pipeline of the SPIR-V. */
  readonly driverMs: number;
  readonly measured?: MeasuredPerformance | undefined;
}

/** A decoded entry. Its arrays are views into the bytes that it was decoded from. */
export interface Entry {
  readonly header: EntryHeader;
  readonly spirv: Uint32Array;
  readonly data: PipelineData | undefined;
  readonly use: UseRecord;
}

/** How often a process took the entry from disk, and when last. Zeros where the record is damaged. */
export interface UseRecord {
  readonly uses: number;
  readonly lastUseMs: number;
}

/** An entry, or why the bytes are none. */
export type DecodedEntry =
  | { readonly ok: true; readonly entry: Entry }
  | {
      readonly ok: false;
      /** What is wrong with the bytes. */
      readonly reason: string;
      /** Whether another version of everwarp may have written them. */
      readonly isOtherFormat?: true;
    };

interface WrittenHeader extends EntryHeader {
  readonly spirvBytes: number;
  readonly data?: {
    readonly kind: "binary" | "cache";
    readonly keyBytes: readonly number[];
    readonly blobBytes: readonly number[];
  };
}

/** Puts an entry into bytes: what is written to disk, sent to a second-level store, and put into an archive. */
export function encodeEntry(entry: Pick<Entry, "header" | "spirv" | "data">, use?: UseRecord): Uint8Array {
  const { header, spirv, data } = entry;
  const keys = data?.keys ?? [];
  const written: WrittenHeader = {
    ...header,
    spirvBytes: spirv.byteLength,
    ...(data === undefined || data.kind === "none"
      ? {}
      : {
          data: {
            kind: data.kind,
            keyBytes: keys.map(({ length }) => length),
            blobBytes: data.bytes.map(({ length }) => length),
          },
        }),
  };
  const json = new TextEncoder().encode(JSON.stringify(written));
  // Padded, so that the SPIR-V can be looked at where it lies.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const sections = [
    new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength),
    ...(written.data === undefined ? [] : [...keys, ...(data?.bytes ?? [])]),
  ];
  const contentBytes = sections.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(PRELUDE_BYTES + headerBytes + contentBytes + DIGEST_BYTES + USE_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, ENTRY_FORMAT, true);
  view.setUint32(12, headerBytes, true);
  view.setBigUint64(16, BigInt(bytes.length), true);
  bytes.fill(0x20, PRELUDE_BYTES, PRELUDE_BYTES + headerBytes);
  bytes.set(json, PRELUDE_BYTES);
  let at = PRELUDE_BYTES + headerBytes;
  for (const section of sections) {
    bytes.set(section, at);
    at += section.length;
  }
  bytes.set(digestOf(bytes.subarray(0, at)), at);
  bytes.set(
    encodeUse(use ?? { uses: 0, lastUseMs: header.createdAtMs }, bytes.subarray(at, at + DIGEST_BYTES)),
    at + DIGEST_BYTES,
  );
  return bytes;
}

/**
 * Checks bytes and takes them apart.
 *
 * @param id the name under which they were found, where there is one
 */
export function decodeEntry(bytes: Uint8Array, id?: string): DecodedEntry {
  const bad = (reason: string): DecodedEntry => ({ ok: false, reason });
  if (bytes.length < PRELUDE_BYTES + DIGEST_BYTES + USE_BYTES)
    return bad(`${bytes.length} bytes are too few for an entry`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return bad("it does not begin as an entry does");
  const format = view.getUint32(8, true);
  if (format !== ENTRY_FORMAT)
    return { ok: false, reason: `its format is ${format}, and ${ENTRY_FORMAT} is read`, isOtherFormat: true };
  const size = view.getBigUint64(16, true);
  if (size !== BigInt(bytes.length)) return bad(`it has ${bytes.length} of its ${size} bytes`);
  const digestAt = bytes.length - DIGEST_BYTES - USE_BYTES;
  const digest = bytes.subarray(digestAt, digestAt + DIGEST_BYTES);
  if (Buffer.compare(digestOf(bytes.subarray(0, digestAt)), digest) !== 0)
    return bad("its checksum is not that of its contents");
  // From here on the bytes are those that someone wrote as an entry; whether they make sense is another matter.
  const headerBytes = view.getUint32(12, true);
  const contentAt = PRELUDE_BYTES + headerBytes;
  if (contentAt > digestAt) return bad("its header is longer than the file");
  const header = parseHeader(bytes.subarray(PRELUDE_BYTES, contentAt));
  if (typeof header === "string") return bad(header);
  if (id !== undefined && header.id !== id) return bad(`it is the entry ${header.id}`);
  const sizes = [header.spirvBytes, ...(header.data?.keyBytes ?? []), ...(header.data?.blobBytes ?? [])];
  if (contentAt + sizes.reduce((sum, length) => sum + length, 0) !== digestAt)
    return bad("its parts are not as long as it says");
  let at = contentAt;
  const next = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  const spirv = wordsOf(next(header.spirvBytes));
  const data =
    header.data === undefined
      ? undefined
      : {
          kind: header.data.kind,
          keys: header.data.keyBytes.map(next),
          bytes: header.data.blobBytes.map(next),
        };
  const { spirvBytes: _spirvBytes, data: _data, ...rest } = header;
  return {
    ok: true,
    entry: { header: rest, spirv, data, use: decodeUse(bytes.subarray(digestAt + DIGEST_BYTES), digest) },
  };
}

/** The record of use for a file whose last 64 bytes are `end`, one use later; undefined when `end` is no such end. */
export function nextUse(end: Uint8Array, nowMs: number): Uint8Array | undefined {
  const use = useAt(end);
  return use && encodeUse({ uses: use.uses + 1, lastUseMs: nowMs }, end.subarray(0, DIGEST_BYTES));
}

/** The record of use in the last 64 bytes of a file; undefined when they are no such end. */
export function useAt(end: Uint8Array): UseRecord | undefined {
  if (end.length !== ENTRY_END_BYTES) return undefined;
  return decodeUse(end.subarray(DIGEST_BYTES), end.subarray(0, DIGEST_BYTES));
}

/** Digest and record of use together: what `nextUse` takes. */
export const ENTRY_END_BYTES = DIGEST_BYTES + USE_BYTES;

function encodeUse({ uses, lastUseMs }: UseRecord, digest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(USE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, uses, true);
  view.setFloat64(8, lastUseMs, true);
  bytes.set(digestOf(digest, bytes.subarray(0, 16)).subarray(0, 16), 16);
  return bytes;
}

function decodeUse(bytes: Uint8Array, digest: Uint8Array): UseRecord {
  const check = digestOf(digest, bytes.subarray(0, 16)).subarray(0, 16);
  if (Buffer.compare(check, bytes.subarray(16)) !== 0) return { uses: 0, lastUseMs: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const use = { uses: view.getFloat64(0, true), lastUseMs: view.getFloat64(8, true) };
  // Anyone can make the check of a record, so it tells damage and not sense.
  return isAmount(use.uses) && isAmount(use.lastUseMs) ? use : { uses: 0, lastUseMs: 0 };
}

function digestOf(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  // Where the bytes lie at an odd place they are copied.
  return bytes.byteOffset % 4 === 0
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : new Uint32Array(bytes.slice().buffer);
}

/** What the field `target` of a header must be. */
export const isTarget: Shape = isObject({ device: isText, driver: isText, dataKey: isText });

/** What the field `measured` of a header must be, where it is there. */
export const isMeasured: Shape = isObject({
  variant: isText,
  figure: Number.isFinite,
  measuredAtMs: isAmount,
});

const HEADER_SHAPES: Readonly<Record<keyof WrittenHeader, Shape>> = {
  id: (id) => typeof id === "string" && ENTRY_ID.test(id),
  name: isText,
  nameKey: isText,
  target: isTarget,
  compiler: isText,
  entryPoint: isText,
  constants: isMapOf(Number.isFinite),
  pushConstantBytes: isCount,
  pipelineKey: isText,
  createdAtMs: isAmount,
  compileMs: isAmount,
  driverMs: isAmount,
  measured: isOptional(isMeasured),
  spirvBytes: (bytes) => isCount(bytes) && (bytes as number) % 4 === 0,
  data: isOptional(
    isObject({ kind: isOneOf("binary", "cache"), keyBytes: isListOf(isCount), blobBytes: isListOf(isCount) }),
  ),
};

/** @returns what is wrong with it, when something is */
function parseHeader(bytes: Uint8Array): WrittenHeader | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return `its header is no JSON: ${(error as Error).message}`;
  }
  if (!isRecord(value)) return "its header is no object";
  for (const [field, shape] of Object.entries(HEADER_SHAPES)) {
    if (!shape(fieldOf(value, field))) return `its header's ${field} makes no sense`;
  }
  return value as unknown as WrittenHeader;
}
