/**
 * What every search backend does, be it worker threads or a resident kernel: takes a corpus in, finds literals in it.
 *
 *   load(corpus) ──▶ LoadedCorpus ──▶ submit(loaded, literals) ──▶ BackendTicket ──wait──▶ RawHits
 *
 * Types only. Any number of corpora may be loaded and any number of queries may be in flight; each is answered exactly once.
 */
import type { Corpus, Placement } from "../corpus/index.ts";
import type { Literal } from "../contracts.ts";

export interface BackendInfo {
  readonly kind: "host" | "device";
  /** For people: "2 worker threads", "NVIDIA H200". */
  readonly device: string;
  /** Launch strategy; "threads" for the host. */
  readonly strategy: string;
}

/** A corpus in a backend's memory. */
export interface LoadedCorpus {
  readonly corpus: Corpus;
  readonly placement: Placement;
  /** The loaded content of a file, in place and only to be read; undefined where it is not in host memory. */
  bytes(file: number): Uint8Array | undefined;
  /** Frees the memory, which must not be read any more. Queries in flight are answered first. */
  unload(): Promise<void>;
}

export interface SubmitOptions {
  /** The backend may stop once it has so many hits; which ones is not defined. Default: all hits there are. */
  readonly maxHits?: number;
  /** Lines and columns will be asked for: the backend may find them on the way. Default: when `locate` is called. */
  readonly locate?: boolean;
}

/** One query in flight. */
export interface BackendTicket {
  /** Has the answer come? A cheap poll. @throws as `wait` */
  readonly done: boolean;
  /**
   * Blocks until the answer is there.
   * @returns false when it did not come in time; the query stays in flight
   * @throws EW_WORKER_DIED, EW_DEVICE_LOST, EW_CLOSED
   */
  waitSync(timeoutMs: number): boolean;
  /** Resolves when the answer is there. @throws EW_WORKER_DIED, EW_DEVICE_LOST, EW_CLOSED */
  wait(): Promise<void>;
  /** The answer. @throws EW_TIMEOUT before it is there */
  result(): RawHits;
}

/** Lines and columns of hits; both from 1, columns in bytes. */
export interface HitPlaces {
  readonly line: Uint32Array;
  readonly column: Uint32Array;
}

/**
 * Every occurrence of every literal, overlapping ones too, sorted by file, then offset, then literal. All arrays have `count`
 * entries.
 */
export interface RawHits {
  readonly count: number;
  /** True where `maxHits` ended the search early. */
  readonly truncated: boolean;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Byte offset in the file's loaded content. */
  readonly offset: Uint32Array;
  /** Index into the query's literals. */
  readonly literal: Uint32Array;
  /** Lines and columns of all hits, computed once, when first asked for. */
  locate(): HitPlaces;
}

export interface Backend {
  readonly info: BackendInfo;
  /** @throws EW_CORPUS_TOO_LARGE, EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED */
  load(corpus: Corpus, options?: { threads?: number }): Promise<LoadedCorpus>;
  /**
   * Queues a query and returns at once.
   * @throws EW_QUEUE_FULL, EW_REQUEST_TOO_LARGE, EW_CORPUS_UNKNOWN, EW_BAD_ARGUMENT, EW_CLOSED, EW_WORKER_DIED
   */
  submit(loaded: LoadedCorpus, literals: readonly Literal[], options?: SubmitOptions): BackendTicket;
  /** Ends all queries in flight with EW_CLOSED and frees everything. */
  close(): Promise<void>;
}
