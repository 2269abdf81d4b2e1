/**
 * What a folder of programs says of its entries, so that nobody has to read them all: names, sizes, times, and which
 * were evicted.
 *
 * Invariant: it is a convenience and never the truth. The entries are; what the manifest says wrongly or not at all is
 * found out from them.
 */

import {
  isAmount,
  isCount,
  isMapOf,
  isObject,
  isOptional,
  isRecord,
  isText,
  parseJson,
} from "../../storage/index.ts";
import { type Entry, ENTRY_ID, type EntryHeader, isMeasured, isTarget } from "../entries/index.ts";

const MANIFEST_VERSION = 1;
/** Evicted entries that are remembered, the last ones. */
const EVICTED_MAX = 1000;

/** One entry, as `everwarp cache list` shows it. */
export interface ManifestRow extends Pick<
  EntryHeader,
  | "id"
  | "name"
  | "nameKey"
  | "target"
  | "entryPoint"
  | "constants"
  | "createdAtMs"
  | "compileMs"
  | "driverMs"
  | "measured"
> {
  /** Of the whole file. */
  readonly bytes: number;
  readonly spirvBytes: number;
  /** 0 where the driver gave nothing to keep. */
  readonly dataBytes: number;
  readonly uses: number;
  readonly lastUseMs: number;
}

/** What is known of a store without reading its entries. */
export interface Manifest {
  readonly rows: Map<string, ManifestRow>;
  /** Ids of entries that `prune` removed. */
  readonly evicted: Set<string>;
}

/** The manifest of a store without entries. */
export function emptyManifest(): Manifest {
  return { rows: new Map(), evicted: new Set() };
}

/** The row of an entry. @param bytes size of its file */
export function rowOf({ header, spirv, data, use }: Entry, bytes: number): ManifestRow {
  const { id, name, nameKey, target, entryPoint, constants, createdAtMs, compileMs, driverMs, measured } =
    header;
  return {
    id,
    name,
    nameKey,
    target,
    entryPoint,
    constants,
    createdAtMs,
    compileMs,
    driverMs,
    ...(measured === undefined ? {} : { measured }),
    bytes,
    spirvBytes: spirv.byteLength,
    dataBytes: data?.bytes.reduce((sum, { length }) => sum + length, 0) ?? 0,
    uses: use.uses,
    lastUseMs: use.lastUseMs,
  };
}

/** The text of `manifest.json`. */
export function encodeManifest({ rows, evicted }: Manifest): string {
  const manifest = {
    version: MANIFEST_VERSION,
    entries: [...rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    evicted: [...evicted].slice(-EVICTED_MAX),
  };
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}

/** @returns undefined for a text that is no manifest, or has a row that makes no sense */
export function decodeManifest(text: string): Manifest | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value["version"] !== MANIFEST_VERSION) return undefined;
  const { entries, evicted } = value;
  if (!Array.isArray(entries) || !Array.isArray(evicted)) return undefined;
  // One row that makes no sense says that nobody knows who wrote the others: all are made again from the entries.
  if (!entries.every(isRow)) return undefined;
  const rows = (entries as ManifestRow[]).map((row) => [row.id, row] as const);
  return {
    rows: new Map(rows),
    evicted: new Set(
      evicted.filter((id): id is string => typeof id === "string" && ENTRY_ID.test(id)).slice(-EVICTED_MAX),
    ),
  };
}

const isRow = isObject({
  id: (id) => typeof id === "string" && ENTRY_ID.test(id),
  name: isText,
  nameKey: isText,
  target: isTarget,
  entryPoint: isText,
  constants: isMapOf(Number.isFinite),
  createdAtMs: isAmount,
  compileMs: isAmount,
  driverMs: isAmount,
  measured: isOptional(isMeasured),
  bytes: isCount,
  spirvBytes: isCount,
  dataBytes: isCount,
  uses: isAmount,
  lastUseMs: isAmount,
});
