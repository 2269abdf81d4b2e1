/** The match kernel, bound to one linear memory. */
import { type CompiledModule, type LinearMemory, WebAssemblyRuntime } from "../../threads/index.ts";
import { MATCH_WASM_BASE64 } from "./generated/match-wasm.ts";

/** Why the kernel came back. */
export const MATCH_STATUS = {
  /** All lines were searched. */
  DONE: 0,
  /** The columns are full. */
  FULL: 1,
  /**
   * A line cannot be decided: `MATCH_OUT` says which. Matches of it that earlier calls gave do not count. All matches
   * of this call lie before it.
   */
  UNDECIDED: 2,
  /** The budget is spent. */
  PAUSED: 3,
} as const;
/** One of `MATCH_STATUS`. */
export type MatchStatus = (typeof MATCH_STATUS)[keyof typeof MATCH_STATUS];

/** Words of the output block. Its columns follow: offset, length, line and column, with `capacity` words each. */
export const MATCH_OUT = { count: 0, lineStart: 1, line: 2, columns: 16 } as const;

/** Given instead of a number of candidates: every line is searched. */
export const EVERY_LINE = 0xffff_ffff;

interface KernelExports {
  use(block: number): void;
  begin(
    start: number,
    fileEnd: number,
    first: number,
    until: number,
    candidates: number,
    count: number,
  ): void;
  run(out: number, capacity: number, budget: number, isLocated: boolean): MatchStatus;
}

let compiled: CompiledModule | undefined;

/**
 * Searches one file at a time: `use`, `begin`, then `run` until it is DONE. All positions are byte offsets from the
 * memory's start.
 *
 * Invariants: 16 bytes before and 64 behind every file are in the memory; a line feed lies behind its last byte.
 */
export class MatchKernel {
  readonly #exports: KernelExports;

  constructor(memory: LinearMemory) {
    compiled ??= new WebAssemblyRuntime.Module(Buffer.from(MATCH_WASM_BASE64, "base64"));
    this.#exports = new WebAssemblyRuntime.Instance(compiled, { env: { memory } }).exports as KernelExports;
  }

  /** Chooses the program for the next files. @param block address where `placeMatchProgram` put it */
  use(block: number): void {
    this.#exports.use(block);
  }

  /**
   * Begins a file.
   * @param start where the file's content begins
   * @param fileEnd where it ends
   * @param first where the first line begins that is searched; it gets the number 1
   * @param until lines that begin before this are searched
   * @param candidates address of the candidates: pairs of words (position, anything), ascending, as a scan gives them
   * @param count number of candidates. Only lines with a candidate are searched. EVERY_LINE: all lines are
   */
  begin(
    start: number,
    fileEnd: number,
    first: number,
    until: number,
    candidates = 0,
    count = EVERY_LINE,
  ): void {
    this.#exports.begin(start, fileEnd, first, until, candidates, count);
  }

  /**
   * Continues the search.
   * @param out address of the output block
   * @param capacity of its columns, in words
   * @param budget about how many steps it takes before it pauses, 1 to 2³¹ − 1
   * @param isLocated whether lines are wanted. Otherwise the column of lines says nothing
   */
  run(out: number, capacity: number, budget: number, isLocated: boolean): MatchStatus {
    return this.#exports.run(out, capacity, budget, isLocated);
  }
}
