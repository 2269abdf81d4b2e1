/** `everwarp cache stats`, `list` and `verify`: what is there. */
import type { ManifestRow } from "../../programs/index.ts";
import type { ModelFolder } from "./folders.ts";

/** One model's programs, summed up. */
export interface FolderStats {
  readonly folder: string;
  readonly device: string | undefined;
  readonly entries: number;
  readonly bytes: number;
  readonly spirvBytes: number;
  /** What drivers gave to keep; 0 where SPIR-V alone is kept. */
  readonly dataBytes: number;
  readonly uses: number;
  /** Milliseconds that making all of them took once: what whoever uses each of them once is spared. */
  readonly madeInMs: number;
  readonly bad: readonly BadEntry[];
  /** What all processes did, from stats.json; empty where none has written it yet. */
  readonly counters: Readonly<Record<string, number>>;
  /** Of requests that were not answered from memory, those that the disk or the second level answered; undefined without any. */
  readonly hitRate: number | undefined;
}

export interface BadEntry {
  readonly id: string;
  readonly reason: string;
}

export interface Listed extends ManifestRow {
  readonly folder: string;
}

/** Reads and checks every entry. Bad ones are moved to the folder's quarantine by that. */
export async function readFolder({ name, store }: ModelFolder): Promise<{ rows: Listed[]; bad: BadEntry[] }> {
  const { good, bad } = await store.verify();
  if (store.isChanged) await store.saveManifest();
  const rows = good.map((row) => ({ ...row, folder: name }));
  return { rows: rows.toSorted((a, b) => b.lastUseMs - a.lastUseMs), bad };
}

export async function statsOf(folder: ModelFolder): Promise<FolderStats> {
  const { rows, bad } = await readFolder(folder);
  const counters = await folder.store.readStats();
  const sum = (field: "bytes" | "spirvBytes" | "dataBytes" | "uses" | "compileMs" | "driverMs"): number =>
    rows.reduce((total, row) => total + row[field], 0);
  const hits = (counters["diskHits"] ?? 0) + (counters["remoteHits"] ?? 0);
  const misses = missesOf(counters).reduce((total, [, count]) => total + count, 0);
  return {
    folder: folder.name,
    device: rows[0]?.target.device,
    entries: rows.length,
    bytes: sum("bytes"),
    spirvBytes: sum("spirvBytes"),
    dataBytes: sum("dataBytes"),
    uses: sum("uses"),
    madeInMs: sum("compileMs") + sum("driverMs"),
    bad,
    counters,
    hitRate: hits + misses === 0 ? undefined : hits / (hits + misses),
  };
}

/** Misses by their reasons, the most frequent first. */
export function missesOf(counters: Readonly<Record<string, number>>): [reason: string, count: number][] {
  return Object.entries(counters)
    .filter(([name, count]) => name.startsWith("miss.") && count > 0)
    .map(([name, count]): [string, number] => [name.slice("miss.".length), count])
    .toSorted(([, a], [, b]) => b - a);
}
