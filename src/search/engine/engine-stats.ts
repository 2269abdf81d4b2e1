/** What an engine tells of itself. */
import type { EngineCorpus } from "./engine-corpus.ts";

/** What an engine runs on. */
export interface SearchEngineInfo {
  readonly kind: "host" | "device";
  /** For people: "NVIDIA H200", "8 threads". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
  readonly strategyReason: string;
  /** Why `auto` took the host. Undefined where it took a device, or where the host was asked for. */
  readonly fallbackReason: string | undefined;
}

/** What an engine has done so far, and what it holds. */
export interface SearchEngineStats {
  /** Searches that have a result. */
  readonly answered: number;
  /** Searches that ended with an error. */
  readonly failed: number;
  /** Searches that were called off by their caller, their signal or their own time. */
  readonly cancelled: number;
  /** Searches that were sent and have no result yet. */
  readonly inFlight: number;
  /** Searches that wait for room in the queue. */
  readonly pending: number;
  readonly corpora: number;
  /** Files of all corpora. */
  readonly files: number;
  /** Bytes of content that all corpora have. */
  readonly contentBytes: number;
  /** Bytes of memory that the contents take, padding included. */
  readonly memoryBytes: number;
  /** Bytes of memory that signatures take, beside the contents. */
  readonly indexBytes: number;
  /** Bytes of memory that bit planes take now, beside the contents; they are made when lines are first counted. */
  readonly planeBytes: number;
  /** Bytes of host memory that copies beside a device take, their signatures included. */
  readonly hostCopyBytes: number;
  /** How often a device was lost and its corpora were loaded again. */
  readonly recoveries: number;
}

type MemoryStats = Pick<
  SearchEngineStats,
  "corpora" | "files" | "contentBytes" | "memoryBytes" | "indexBytes" | "planeBytes" | "hostCopyBytes"
>;

/** What corpora hold, and the memory that they take. */
export function memoryStats(corpora: readonly EngineCorpus[]): MemoryStats {
  const sum = (of: (corpus: EngineCorpus) => number): number =>
    corpora.reduce((total, corpus) => total + of(corpus), 0);
  const arenaBytes = ({ loaded }: EngineCorpus): number => loaded.placement.stats.arenaBytes;
  return {
    corpora: corpora.length,
    files: sum(({ loaded }) => loaded.placement.stats.fileCount),
    contentBytes: sum(({ loaded }) => loaded.placement.stats.contentBytes),
    memoryBytes: sum(arenaBytes),
    indexBytes: sum(({ loaded }) => loaded.signatureBytes),
    planeBytes: sum(({ loaded }) => loaded.planeBytes ?? 0),
    hostCopyBytes: sum(({ copy }) =>
      copy === undefined ? 0 : arenaBytes(copy) + copy.loaded.signatureBytes,
    ),
  };
}
