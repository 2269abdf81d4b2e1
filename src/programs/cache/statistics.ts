/** What the program cache did, counted: in this process, and summed up over all in `stats.json`. */

import type { PipelineDataKind } from "../../vulkan/index.ts";
import type { HeldPrograms } from "./held-programs.ts";
import type { DiskStore } from "../disk/index.ts";
import { MISS_REASONS, type MissReason } from "../entries/index.ts";

/** What one cache counts while it works. */
export class CacheCounters {
  /** Requests that an earlier one of this process had answered. */
  memoryHits = 0;
  /** Requests that an entry on disk answered: nothing was compiled. */
  diskHits = 0;
  /** Those that the second-level store answered. */
  remoteHits = 0;
  /** Those of disk and remote hits where the driver took its own data. */
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
  /** The driver's own time for pipelines. */
  driverMs = 0;
  /** Loading entries and checking them, without the driver's time. */
  loadMs = 0;
  /** What hits would have cost without the cache, less what they did cost. */
  savedMs = 0;
  /** Entries that were written. */
  stored = 0;
  /** Whole entries from the second level that were not what was asked for. */
  remoteRefused = 0;

  /** As plain numbers with plain names, for `stats.json`. */
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

/** How the disk below a cache is doing. */
export interface DiskStats {
  readonly state: "open" | "off";
  /** Folder of this device's model. */
  readonly folder: string | undefined;
  /** Entries and bytes that the manifest knows. */
  readonly entries: number;
  readonly bytes: number;
  readonly readFailures: number;
  readonly writeFailures: number;
  /** Bad entries that were met and moved away. */
  readonly quarantined: number;
  /** Crashes of a driver on an entry's data that were found. */
  readonly crashesFound: number;
  /** The last thing that went wrong, in words; it says why nothing is stored where nothing is. */
  readonly lastTrouble: string | undefined;
}

/** What a program cache has done so far, and what it holds. */
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
  /**
   * By what means the driver lets its work be kept: "none" means SPIR-V alone is. "unknown" before the first pipeline.
   */
  readonly driverStores: PipelineDataKind | "unknown";
}

/** Puts together what `stats` tells. */
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
