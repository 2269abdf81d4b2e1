/** Collects the facts for `everwarp cache stats`, `list` and `verify`. */
import type { ManifestRow } from "../../programs/index.ts";
import type { ModelFolder } from "./folders.ts";

/** Sums over the programs of one model. */
export interface FolderStats {
  readonly folder: string;
  readonly device: string | undefined;
  readonly entries: number;
  readonly bytes: number;
  readonly spirvBytes: number;
  /** Bytes from drivers. 0 if only SPIR-V is kept. */
  readonly dataBytes: number;
  readonly uses: number;
  /** Milliseconds that it took to make all of them once. A user of all of them saves this time. */
  readonly madeInMs: number;
  readonly bad: readonly BadEntry[];
  /** What all processes did, from stats.json. Empty if no process has written it yet. */
  readonly counters: Readonly<Record<string, number>>;
  /**
   * Share of the requests not answered from memory that the disk or the second-level store answered.
   * Undefined without such requests.
   */
  readonly hitRate: number | undefined;
}

/** An entry that cannot be used. */
export interface BadEntry {
  readonly id: string;
  readonly reason: string;
}

/** An entry, with its model. */
export interface Listed extends ManifestRow {
  readonly folder: string;
}

/** Reads and checks every entry. Bad entries are moved to the folder's quarantine. */
export async function readFolder({ name, store }: ModelFolder): Promise<{ rows: Listed[]; bad: BadEntry[] }> {
  const { good, bad } = await store.verify();
  if (store.isChanged) await store.saveManifest();
  const rows = good.map((row) => ({ ...row, folder: name }));
  return { rows: rows.toSorted((a, b) => b.lastUseMs - a.lastUseMs), bad };
}

/** Sums over the entries of one folder. */
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

/** Misses by reason, the most frequent first. */
export function missesOf(counters: Readonly<Record<string, number>>): [reason: string, count: number][] {
  return Object.entries(counters)
    .filter(([name, count]) => name.startsWith("miss.") && count > 0)
    .map(([name, count]): [string, number] => [name.slice("miss.".length), count])
    .toSorted(([, a], [, b]) => b - a);
}
