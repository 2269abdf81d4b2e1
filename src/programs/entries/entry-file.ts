/**
 * One program on disk: a file that is complete in itself.
 *
 *     ┌ 24 bytes ─────────────────────────────┬ JSON ──┬ bytes ─┬ bytes ───┬ 32 bytes ─┬ 32 bytes ──┐
 *     │ magic, format, size of header, of all │ header │ SPIR-V │ driver's │ SHA-256   │ record of  │
 *     │                                       │        │        │ data     │ of all    │ its use    │
 *     └───────────────────────────────────────┴────────┴────────┴──────────┴─ before ──┴────────────┘
 *
 * Invariants: a published file never changes, except for its record of use. Nothing in a file is used before its digest
 * is checked, because drivers trust their data blindly. Many processes overwrite the record of use in place. It has a
 * checksum of its own. If that checksum is wrong, the record is reset and the entry stays valid. Decoding gives an
 * entry or a reason for any bytes.
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
 * Increased with every change of the layout or of the meaning of a field. Part of every key, so versions can share a
 * folder.
 */
export const ENTRY_FORMAT = 1;
/** The pattern of an entry's id. Other texts are never used in paths. */
export const ENTRY_ID = /^[0-9a-f]{32}\.[0-9a-f]{16}\.[0-9a-f]{16}$/;

// Like PNG's magic: it reveals a transfer in text mode.
const MAGIC = new Uint8Array([0x89, 0x45, 0x57, 0x50, 0x0d, 0x0a, 0x1a, 0x0a]);
const PRELUDE_BYTES = 24;
const DIGEST_BYTES = 32;
const USE_BYTES = 32;
/** Size of the record of use, which is at the end of the file. */
export const USE_RECORD_BYTES = USE_BYTES;
/** Size limit of an entry; real ones are smaller. A larger file is not read. */
export const MAX_ENTRY_BYTES = 512 * 1024 * 1024;

/** A device and its driver as text: what affects the result of compiling SPIR-V. */
export interface TargetInfo {
  readonly device: string;
  readonly driver: string;
  /** The driver's own key for the validity of its pipeline data. */
  readonly dataKey: string;
}

/** Measurements of a program by `tune`. */
export interface MeasuredPerformance {
  /** The name of the variant. */
  readonly variant: string;
  /** The result of the benchmark: smaller is better. */
  readonly figure: number;
  readonly measuredAtMs: number;
}

/** The header of an entry. */
export interface EntryHeader {
  /** The name of the file: module, variant and target in hexadecimal, separated by dots. */
  readonly id: string;
  /** The name for people. */
  readonly name: string;
  /** Stays the same when the source is edited. */
  readonly nameKey: string;
  readonly target: TargetInfo;
  /** The compiler that made the SPIR-V. */
  readonly compiler: string;
  readonly entryPoint: string;
  /** Specialization constants as 32-bit words, by constant_id. */
  readonly constants: Readonly<Record<string, number>>;
  readonly pushConstantBytes: number;
  /** SHA-256 of everything that the pipeline is made from, including the bytes of the SPIR-V. */
  readonly pipelineKey: string;
  readonly createdAtMs: number;
  /** Milliseconds for compiling to SPIR-V; 0 if the build did it. */
  readonly compileMs: number;
  /** Milliseconds that the driver took to make a pipeline from the SPIR-V. */
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

/** How often processes took the entry from disk, and when last. Zeros if the record is damaged. */
export interface UseRecord {
  readonly uses: number;
  readonly lastUseMs: number;
}

/** An entry, or why the bytes are no entry. */
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

/** Encodes an entry. The bytes are used on disk, in second-level stores and in archives. */
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
  // Padded, so that the SPIR-V can be used in place.
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
 * Checks and decodes bytes.
 *
 * @param id the name under which the bytes were found, if any
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
  // The bytes were written as an entry. The following checks find out whether the content is valid.
  const headerBytes = view.getUint32(12, true);
  const contentAt = PRELUDE_BYTES + headerBytes;
  if (contentAt > digestAt) return bad("its header is longer than the file");
  const header = parseHeader(bytes.subarray(PRELUDE_BYTES, contentAt));
  if (typeof header === "string") return bad(header);
  if (id !== undefined && header.id !== id) return bad(`it is the entry ${header.id}`);
  const sizes = [header.spirvBytes, ...(header.data?.keyBytes ?? []), ...(header.data?.blobBytes ?? [])];
  if (contentAt + sizes.reduce((sum, length) => sum + length, 0) !== digestAt)
    return bad("the sizes of its parts are wrong");
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

/** The record of use after one more use, from the last 64 bytes of a file. Undefined if the bytes are invalid. */
export function nextUse(end: Uint8Array, nowMs: number): Uint8Array | undefined {
  const use = useAt(end);
  return use && encodeUse({ uses: use.uses + 1, lastUseMs: nowMs }, end.subarray(0, DIGEST_BYTES));
}

/** The record of use in the last 64 bytes of a file. Undefined if the bytes are invalid. */
export function useAt(end: Uint8Array): UseRecord | undefined {
  if (end.length !== ENTRY_END_BYTES) return undefined;
  return decodeUse(end.subarray(DIGEST_BYTES), end.subarray(0, DIGEST_BYTES));
}

/** Size of the digest and the record of use together: the input of `nextUse`. */
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
  // The checksum finds only accidental damage. So check the values too.
  return isAmount(use.uses) && isAmount(use.lastUseMs) ? use : { uses: 0, lastUseMs: 0 };
}

function digestOf(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  // Copies the bytes only if they are not aligned.
  return bytes.byteOffset % 4 === 0
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : new Uint32Array(bytes.slice().buffer);
}

/** The shape of a header's field `target`. */
export const isTarget: Shape = isObject({ device: isText, driver: isText, dataKey: isText });

/** The shape of a header's field `measured`, if there is one. */
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

/** @returns the header, or what is wrong with it */
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
