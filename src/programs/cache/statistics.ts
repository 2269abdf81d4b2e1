/** Counts what the program cache does: in this process, and in `stats.json` over all processes. */

import type { PipelineDataKind } from "../../vulkan/index.ts";
import type { HeldPrograms } from "./held-programs.ts";
import type { DiskStore } from "../disk/index.ts";
import { MISS_REASONS, type MissReason } from "../entries/index.ts";

/** The counts of one cache. */
export class CacheCounters {
  /** Requests that were answered from memory. */
  memoryHits = 0;
  /** Requests that an entry on disk answered, without compilation. */
  diskHits = 0;
  /** Requests that the second-level store answered. */
  remoteHits = 0;
  /** Disk hits and remote hits whose data the driver accepted. */
  driverHits = 0;
  readonly misses: Record<MissReason, number> = Object.fromEntries(
    MISS_REASONS.map((reason) => [reason, 0]),
  ) as Record<MissReason, number>;
  /** Sources that were compiled to SPIR-V. */
  compilations = 0;
  compileMs = 0;
  /** Pipelines made from data: the driver compiled nothing. */
  pipelinesFromData = 0;
  pipelinesFromSpirv = 0;
  /** Time of the driver's calls for pipelines, in milliseconds. */
  driverMs = 0;
  /** Time for reading and checking entries, without the driver's time. */
  loadMs = 0;
  /** Estimated time that hits would have cost without the cache, minus the time that they did cost. */
  savedMs = 0;
  /** Entries that were stored. */
  stored = 0;
  /** Intact entries from the second level that did not match the request. */
  remoteRefused = 0;

  /** The counts as plain numbers by name, for `stats.json`. */
  flat(): Record<string, number> {
    const { misses, ...rest } = this;
    const numbers = Object.entries(rest).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    );
    return {
      ...Object.fromEntries(numbers),
      ...Object.fromEntries(Object.entries(misses).map(([reason, count]) => [`miss.${reason}`, count])),
    };
  }
}

/** The state of the store on disk. */
export interface DiskStats {
  readonly state: "open" | "off";
  /** The folder of this device model. */
  readonly folder: string | undefined;
  /** Entries and bytes by the manifest. */
  readonly entries: number;
  readonly bytes: number;
  readonly readFailures: number;
  readonly writeFailures: number;
  /** Damaged entries that were moved away. */
  readonly quarantined: number;
  /** Driver crashes on an entry's data that were found. */
  readonly crashesFound: number;
  /** The last failure, as text. If nothing is being stored, it says why. */
  readonly lastTrouble: string | undefined;
}

/** What a program cache has done and what it holds. */
export interface ProgramStats {
  readonly hits: {
    readonly memory: number;
    readonly disk: number;
    readonly remote: number;
    readonly driver: number;
  };
  readonly misses: Readonly<Record<MissReason, number>>;
  readonly missCount: number;
  readonly compilations: number;
  readonly compileMs: number;
  readonly pipelines: { readonly fromData: number; readonly fromSpirv: number };
  readonly driverMs: number;
  readonly loadMs: number;
  readonly savedMs: number;
  readonly stored: number;
  readonly remoteRefused: number;
  readonly memory: {
    readonly programs: number;
    readonly referenced: number;
    readonly bytes: number;
    readonly evictions: number;
  };
  readonly disk: DiskStats;
  /** How the driver gives out its data. "none": only SPIR-V is stored. "unknown": before the first pipeline. */
  readonly driverStores: PipelineDataKind | "unknown";
}

/** Builds the result of `stats`. */
export function statsOf(parts: {
  counters: CacheCounters;
  held: HeldPrograms;
  disk: DiskStore | undefined;
  crashesFound: number;
  driverStores: ProgramStats["driverStores"];
}): ProgramStats {
  const { counters, held, disk, crashesFound, driverStores } = parts;
  const rows = [...(disk?.manifest.rows.values() ?? [])];
  return {
    hits: {
      memory: counters.memoryHits,
      disk: counters.diskHits,
      remote: counters.remoteHits,
      driver: counters.driverHits,
    },
    misses: { ...counters.misses },
    missCount: Object.values(counters.misses).reduce((sum, count) => sum + count, 0),
    compilations: counters.compilations,
    compileMs: counters.compileMs,
    pipelines: { fromData: counters.pipelinesFromData, fromSpirv: counters.pipelinesFromSpirv },
    driverMs: counters.driverMs,
    loadMs: counters.loadMs,
    savedMs: counters.savedMs,
    stored: counters.stored,
    remoteRefused: counters.remoteRefused,
    memory: {
      programs: held.size,
      referenced: held.referenced,
      bytes: held.bytes,
      evictions: held.evictions,
    },
    disk: {
      state: disk === undefined ? "off" : "open",
      folder: disk?.folder,
      entries: rows.length,
      bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
      readFailures: disk?.troubles.reads ?? 0,
      writeFailures: disk?.troubles.writes ?? 0,
      quarantined: disk?.troubles.quarantined ?? 0,
      crashesFound,
      lastTrouble: disk?.troubles.last,
    },
    driverStores,
  };
}
