/**
 * What every search backend does, be it worker threads or a resident kernel: takes a corpus in, carries out plans on
 * it.
 *
 *   load(corpus) ──▶ LoadedCorpus ──▶ submit(plan, { corpus }) ──▶ BackendTicket ──wait──▶ RawHits
 *
 * Types only. Any number of corpora may be loaded. Any number of requests may be in flight; each is answered exactly
 * once.
 */
import type { Plan } from "../contracts.ts";
import type { Corpus, Placement } from "../corpus/index.ts";
import type { PlaneProgram } from "../planes/index.ts";

/** What a backend runs on. */
export interface BackendInfo {
  readonly kind: "host" | "device";
  /** For people: "2 threads", "NVIDIA H200". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
}

/** A corpus in a backend's memory. */
export interface LoadedCorpus {
  readonly corpus: Corpus;
  readonly placement: Placement;
  /** The loaded content of a file, in place and only to be read. Undefined where the content is not in host memory. */
  bytes(file: number): Uint8Array | undefined;
  /** Bytes of memory that its signatures take, beside the text; 0 where it has none. */
  readonly signatureBytes: number;
  /** Bytes of memory that its bit planes take now, beside the text. Absent where there are none. */
  readonly planeBytes?: number;
  /**
   * The memories that hold the contents, by segment, for any thread to read. Undefined where the contents are not in
   * host memory.
   * @throws EW_CORPUS_UNKNOWN after `unload`
   */
  readonly sharedSegments: readonly SharedArrayBuffer[] | undefined;
  /** Frees the memory, which must not be read any more. Requests in flight are answered first. */
  unload(): Promise<void>;
}

/** What a plan is carried out on, and how much of the answer is wanted. */
export interface SubmitOptions {
  /** A corpus that the backend has loaded. */
  readonly corpus: LoadedCorpus;
  /** The backend may stop once it has so many hits; which hits it then has is not defined. Default: all hits. */
  readonly maxHits?: number;
  /**
   * Lines and columns will be asked for, so the backend may find them on the way. Default: found when `locate` is
   * called.
   */
  readonly locate?: boolean;
  /**
   * Only the count of hits will be asked for, and which lines are undecided. So the answer may have no hits: then its
   * columns are empty. A backend that cannot count without hits gives all of them. Default: false.
   */
  readonly countOnly?: boolean;
}

/** One request in flight. */
export interface BackendTicket {
  /** Has the answer come? A cheap poll. @throws as `wait` */
  readonly done: boolean;
  /**
   * Blocks until the answer is there.
   * @param timeoutMs milliseconds
   * @returns false when the answer did not come in time; the request stays in flight
   * @throws EW_WORKER_DIED, EW_DEVICE_LOST, EW_CLOSED
   */
  waitSync(timeoutMs: number): boolean;
  /** Resolves when the answer is there. @throws EW_WORKER_DIED, EW_DEVICE_LOST, EW_CLOSED */
  wait(): Promise<void>;
  /** The answer. @throws EW_TIMEOUT before it is there */
  result(): RawHits;
  /**
   * Nobody wants the answer any more. What was not sent stays unsent; what runs ends by itself, and its hits are
   * dropped.
   */
  cancel(): void;
}

/** Lines and columns of hits; both from 1, columns in bytes. */
export interface HitPlaces {
  readonly line: Uint32Array;
  readonly column: Uint32Array;
}

/**
 * Lines that an automaton did not decide, sorted by file, then line. All arrays have `count` entries. No hit lies in
 * one of them.
 */
export interface UndecidedLines {
  readonly count: number;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Line number, from 1. */
  readonly line: Uint32Array;
  /** Byte offset, in the file's loaded content, of the line's first byte: behind a byte order mark. */
  readonly offset: Uint32Array;
}

/**
 * What a backend found, sorted by file, then offset, then literal. All arrays have `count` entries, or none where hits
 * were only to be counted.
 *
 * - Of a `scan`: every occurrence of every literal of a plan, overlapping occurrences too.
 * - Of a `match`: in each line, leftmost-first, the matches of the automaton, none of which overlaps another. Two kinds
 *   of empty matches do not count: one that touches the end of the match before it, and one behind the last byte of a
 *   file without a final line feed. A byte order mark is no part of its line, and columns do not count it.
 */
export interface RawHits {
  readonly count: number;
  /** True where `maxHits` ended the search early. */
  readonly truncated: boolean;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Byte offset in the file's loaded content. */
  readonly offset: Uint32Array;
  /** Length in bytes. */
  readonly length: Uint32Array;
  /** Index into the plan's literals; 0 for all hits of a `match`. */
  readonly literal: Uint32Array;
  /** Of a `match`; `NO_LINES` for a `scan`. */
  readonly undecided: UndecidedLines;
  /** Lines and columns of all hits, computed once, when first asked for. */
  locate(): HitPlaces;
}

/** What a program over bit planes tells of a corpus. */
export interface LineCount {
  /** Lines that match, without those in doubt. */
  readonly lines: number;
  /**
   * Lines that may match, each by its file (a row of the placement) and the offset of its end in the file's content:
   * the place of its line feed, or the content's length. Undefined where there are too many, or where a line is too
   * long: then the count is of no use.
   */
  readonly doubts: { readonly file: Uint32Array; readonly end: Uint32Array } | undefined;
  /** How the program ran. */
  readonly tier: "compiled" | "interpreted";
}

/** A count of lines in flight. */
export interface LineTicket {
  /**
   * Blocks until the answer is there.
   * @returns false when the answer did not come in time, or cannot come before the event loop has a turn
   * @throws EW_DEVICE_LOST, EW_CLOSED
   */
  waitSync(timeoutMs: number): boolean;
  /** Resolves when the answer is there. @throws EW_DEVICE_LOST, EW_CLOSED */
  wait(): Promise<void>;
  /** The answer. @throws EW_TIMEOUT before it is there */
  result(): LineCount;
  /** Nobody wants the answer any more. */
  cancel(): void;
}

/** How a corpus is loaded. */
export interface LoadOptions {
  /** Loader threads. Default: as many as pay. */
  readonly threads?: number;
  /**
   * Automata will be asked for, so what they need is made ready now. Without it the first of them waits for that, and
   * cannot be waited for without the event loop.
   */
  readonly automata?: boolean;
  /** Signatures of blocks are made, by which scans pass over blocks. Default: true. */
  readonly index?: boolean;
  /** The same corpus, held in host memory: its contents are taken from there, and no file is read. */
  readonly from?: LoadedCorpus;
  /** Longest run of bytes that may be kept in one piece: larger files are cut. Default: as the backend likes it. */
  readonly maxPlaceBytes?: number;
  /** The load fails with EW_OUT_OF_HOST_MEMORY when it has taken so much host memory. Default: no limit. */
  readonly maxHostBytes?: number;
}

/** Something that holds corpora and carries out plans on them. */
export interface Backend {
  readonly info: BackendInfo;
  /** It keeps texts in memory of its own, and the host reaches them slowly or not at all. */
  readonly hasOwnMemory: boolean;
  /** Longest run of bytes that it keeps in one piece. */
  readonly maxPlaceBytes: number;
  /** Nothing is answered any more: the device was lost, or its kernel ended. Another backend must be opened. */
  readonly isLost: boolean;
  /** @throws EW_CORPUS_TOO_LARGE, EW_OUT_OF_HOST_MEMORY, EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED */
  load(corpus: Corpus, options?: LoadOptions): Promise<LoadedCorpus>;
  /**
   * Queues a plan and returns at once. A plan for which `operationOf` says undefined is answered with no hits.
   * @throws EW_QUEUE_FULL, EW_REQUEST_TOO_LARGE, EW_CORPUS_UNKNOWN, EW_BAD_ARGUMENT, EW_CLOSED, EW_WORKER_DIED
   */
  submit(plan: Plan, options: SubmitOptions): BackendTicket;
  /**
   * Nothing is asked for now: gives back what only requests in flight need.
   * @param forgets also what was made for patterns
   */
  trim?(forgets: boolean): void;
  /**
   * Counts the lines for which a program tells. Absent where the backend has no bit planes.
   * @throws EW_CORPUS_UNKNOWN, EW_CLOSED, EW_OUT_OF_DEVICE_MEMORY where there was no room for the planes
   */
  countLines?(program: PlaneProgram, corpus: LoadedCorpus): LineTicket;
  /** Is everything there that `countLines` needs, so that its answer can be waited for without the event loop? */
  canCountLines?(program: PlaneProgram, corpus: LoadedCorpus): boolean;
  /**
   * From so many bytes of text for each of the host's threads on, bit planes answer a regex sooner than these. Absent:
   * never.
   */
  readonly planesPayFrom?: number;
  /** Ends all requests in flight with EW_CLOSED and frees everything. */
  close(): Promise<void>;
}
