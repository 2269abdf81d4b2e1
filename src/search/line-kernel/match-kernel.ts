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

/** Words of the output block. The columns follow: offset, length, line, column; each of `capacity` words. */
export const MATCH_OUT = { count: 0, lineStart: 1, line: 2, columns: 16 } as const;

/** In the place of a number of candidates: every line is searched. */
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

  /** Takes up a program. @param block where `placeMatchProgram` put it */
  use(block: number): void {
    this.#exports.use(block);
  }

  /**
   * Takes up lines of a file.
   * @param start of the file's content
   * @param fileEnd its end
   * @param first start of the first line; it gets the number 1
   * @param until lines that begin before it are searched
   * @param candidates address of pairs of words (position, anything), ascending, as a scan gives them
   * @param count number of candidates, of whose lines alone is searched; or EVERY_LINE
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
   * Searches on.
   * @param out address of the output block
   * @param capacity of its columns, in words
   * @param budget steps after which it pauses, about; 1 to 2³¹ − 1
   * @param isLocated lines are wanted; else the column of lines says nothing
   */
  run(out: number, capacity: number, budget: number, isLocated: boolean): MatchStatus {
    return this.#exports.run(out, capacity, budget, isLocated);
  }
}
