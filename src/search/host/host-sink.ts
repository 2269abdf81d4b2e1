/**
 * The host's arena: shared WebAssembly memories of up to 4 GiB, one per segment, committed by the operating system
 * page by page as files are written.
 *
 *   segment: │ thread 0 │ thread 1 │ … │ main │ files …                                    │ slack │
 *            └ work area: programs and answers of the kernels ┘
 *
 * Invariant: a thread only writes its own work area; files are never changed after the load.
 */
import { EverwarpError, requireDependency } from "../../base/index.ts";
import type { LinearMemory } from "../../threads/index.ts";
import type { CorpusSink, Position, SinkWindow } from "../corpus/index.ts";
import { PAGE_BYTES, SCAN_SLACK_BYTES, reserveSharedMemory } from "../scanner/index.ts";

/** A thread's part of a segment. What is never written takes address space alone. */
const AREAS = { programs: 192 * 1024, answers: 64 * 1024, matches: 64 * 1024, automata: 4096 * 1024 };
/** Room for the matches of one call of the match kernel. */
export const MATCH_AREA_BYTES = AREAS.matches;
/** Room for the program of an automaton. */
export const AUTOMATON_AREA_BYTES = AREAS.automata;
/** All of a thread's part of a segment. */
export const WORK_AREA_BYTES = AREAS.programs + AREAS.answers + AREAS.matches + AREAS.automata;

/** Where the parts begin: programs and answers of the scan kernel, answers and program of the match kernel. */
export type WorkArea = Readonly<Record<keyof typeof AREAS, number>>;

/** The work area of a thread, the same in every segment. */
export function workAreaOf(thread: number): WorkArea {
  const programs = thread * WORK_AREA_BYTES;
  const answers = programs + AREAS.programs;
  const matches = answers + AREAS.answers;
  return { programs, answers, matches, automata: matches + AREAS.matches };
}

/** One page less than 4 GiB, so that every position and every end fits a u32. */
const SEGMENT_BYTES_MAX = 65_535 * PAGE_BYTES;
const SEGMENT_BYTES_MIN = 64 * 1024 * 1024;

/** How a sink divides memory, and how much it takes. */
export interface HostSinkOptions {
  /** Size of a segment, for tests. A segment is made smaller where the address space has no room. */
  readonly segmentBytes?: number | undefined;
  /** Longest place, in bytes. */
  readonly maxPlaceBytes?: number | undefined;
  /** `reserve` refuses to give more. */
  readonly maxBytes?: number | undefined;
}

/** The host's memory, as the loader fills it. See the head of this file. */
export class HostSink implements CorpusSink {
  readonly chunkBytes = 4 * 1024 * 1024;
  readonly maxPlaceBytes: number;
  readonly segments: LinearMemory[] = [];
  readonly #headBytes: number;
  readonly #maxBytes: number;
  #segmentBytes: number;
  #usedBytes = 0;
  #reservedBytes = 0;

  /** @param workAreas how many threads will scan the segments */
  constructor(workAreas: number, options: HostSinkOptions = {}) {
    const { segmentBytes = SEGMENT_BYTES_MAX, maxPlaceBytes = Infinity, maxBytes = Infinity } = options;
    this.#headBytes = workAreas * WORK_AREA_BYTES;
    this.#segmentBytes = segmentBytes;
    this.#maxBytes = maxBytes;
    this.maxPlaceBytes = Math.min(maxPlaceBytes, segmentBytes - this.#headBytes - PAGE_BYTES);
  }

  reserve(lengthBytes: number): Position {
    this.#reservedBytes += lengthBytes;
    if (this.#reservedBytes > this.#maxBytes) {
      throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", `the text needs more than ${this.#maxBytes} bytes`, {
        remedy: "Load less, or set a higher limit.",
      });
    }
    const last = this.segments.at(-1);
    if (!last || this.#usedBytes + lengthBytes + SCAN_SLACK_BYTES > last.buffer.byteLength)
      this.#addSegment(lengthBytes);
    const position = { segment: this.segments.length - 1, offsetBytes: this.#usedBytes };
    this.#usedBytes += lengthBytes;
    return position;
  }

  #addSegment(lengthBytes: number): void {
    for (;;) {
      try {
        this.segments.push(reserveSharedMemory(this.#segmentBytes));
        this.#usedBytes = this.#headBytes;
        return;
      } catch (error) {
        // Where address space is limited, several small segments may fit when one large does not.
        const half = this.#segmentBytes / 2;
        const fits = half >= SEGMENT_BYTES_MIN && half >= lengthBytes + this.#headBytes + PAGE_BYTES;
        if (!(error instanceof EverwarpError) || !fits) throw error;
        this.#segmentBytes = half;
      }
    }
  }

  open({ segment, offsetBytes }: Position, lengthBytes: number): SinkWindow {
    const { buffer } = this.segments[segment]!;
    return { segment, offsetBytes, lengthBytes, memory: { kind: "shared", buffer, byteOffset: offsetBytes } };
  }

  /** Nothing to move: the window is the arena. */
  commit(): void {}

  async finish(): Promise<void> {}
}

interface Koffi {
  load(path: null): {
    func(prototype: string): (memory: Uint8Array, lengthBytes: number, advice: number) => number;
  };
}

/** From <sys/mman.h>: the pages' content is not needed any more. */
const MADV_DONTNEED = 4;

let advise: ((memory: Uint8Array, lengthBytes: number, advice: number) => number) | undefined;

/**
 * Gives the pages of segments back to the system at once; they read as zeros from then on. Without this they would
 * stay until every thread has collected its garbage, and shared memory does not make the collector hurry.
 */
export function releaseSegments(segments: readonly LinearMemory[]): void {
  const koffi = requireDependency("koffi") as Koffi;
  advise ??= koffi.load(null).func("int madvise(void* memory, size_t lengthBytes, int advice)");
  for (const { buffer } of segments) {
    // Where the system does not want to (another page size), the collector frees the memory later.
    advise(new Uint8Array(buffer), buffer.byteLength, MADV_DONTNEED);
  }
}
