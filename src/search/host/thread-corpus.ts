/** A corpus as a thread of the engine searches it: its segments with their kernels, its files, its units. */
import type { LinearMemory } from "../../threads/index.ts";
import { PlacementColumns, type PlacementMemory, type UnitColumns } from "../corpus/index.ts";
import { MatchKernel } from "../line-kernel/index.ts";
import { ScanKernel } from "../scanner/index.ts";
import { type WorkArea, workAreaOf } from "./host-sink.ts";
import type { SignatureMemory } from "./segment-signatures.ts";
import { UnitLines } from "./unit-lines.ts";
import { UnitSignatures } from "./unit-signatures.ts";

/** A corpus as engine threads get it. */
export interface SharedCorpus {
  readonly id: number;
  readonly segments: readonly LinearMemory[];
  readonly columns: PlacementMemory;
  readonly units: UnitColumns;
  /** See `UnitLines`. */
  readonly unitLines: SharedArrayBuffer;
  /** One for each segment; undefined where the corpus has none. */
  readonly signatures: readonly SignatureMemory[] | undefined;
}

/** See src/search/bitstream/filter-module.ts. */
export type FilterFunction = (from: number, until: number, out: number, limit: number) => number;

/** A segment, and what the thread's work area in it holds. */
export class ThreadSegment {
  readonly kernel: ScanKernel;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly memory: LinearMemory;
  /** Number of the segment in its corpus. */
  readonly index: number;
  #matcher: MatchKernel | undefined;
  /** The query whose literals' programs lie in the work area. */
  literalsOf = -1;
  /** The automaton whose program lies in the work area. */
  automaton = -1;
  /** The filter that was used last, bound to the segment. */
  filter: { readonly id: number; readonly candidates: FilterFunction } | undefined;

  constructor(memory: LinearMemory, index: number) {
    this.memory = memory;
    this.index = index;
    this.kernel = new ScanKernel(memory);
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
  }

  get matcher(): MatchKernel {
    return (this.#matcher ??= new MatchKernel(this.memory));
  }
}

/** See the head of this file. */
export class ThreadCorpus {
  readonly units: UnitColumns;
  readonly files: PlacementColumns;
  readonly lines: UnitLines;
  /** Undefined where the corpus has none. */
  readonly signatures: UnitSignatures | undefined;
  /** Where this thread writes, in each segment. */
  readonly area: WorkArea;
  readonly #segments: readonly ThreadSegment[];

  /** @param thread whose work areas are used */
  constructor(corpus: SharedCorpus, thread: number) {
    this.units = corpus.units;
    this.files = new PlacementColumns(corpus.columns);
    this.lines = new UnitLines(corpus.units, this.files, corpus.unitLines);
    this.area = workAreaOf(thread);
    const { segments, signatures } = corpus;
    this.signatures = signatures && new UnitSignatures(segments, signatures, this.area.answers);
    this.#segments = corpus.segments.map((memory, index) => new ThreadSegment(memory, index));
  }

  segmentOf(unit: number): ThreadSegment {
    return this.#segments[this.units.segment[unit]!]!;
  }
}
