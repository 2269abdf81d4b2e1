/**
 * The summary of a folder of programs, so that entries need not be read: names, sizes, times, and evicted entries.
 *
 * Invariant: the manifest is a convenience. The entries are the source of truth, and correct a wrong or incomplete
 * manifest.
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
/** How many evicted entries are remembered, the latest ones. */
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
  /** Size of the whole file. */
  readonly bytes: number;
  readonly spirvBytes: number;
  /** 0 if the driver gave no data. */
  readonly dataBytes: number;
  readonly uses: number;
  readonly lastUseMs: number;
}

/** What is known about a store without reading its entries. */
export interface Manifest {
  readonly rows: Map<string, ManifestRow>;
  /** Ids of entries that `prune` removed. */
  readonly evicted: Set<string>;
}

/** The manifest of a store without entries. */
export function emptyManifest(): Manifest {
  return { rows: new Map(), evicted: new Set() };
}

/** The row of an entry. @param bytes size of the entry's file */
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

/** @returns undefined for a text that is no manifest, or has an invalid row */
export function decodeManifest(text: string): Manifest | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value["version"] !== MANIFEST_VERSION) return undefined;
  const { entries, evicted } = value;
  if (!Array.isArray(entries) || !Array.isArray(evicted)) return undefined;
  // One invalid row makes all rows doubtful. The manifest is then rebuilt from the entries.
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
