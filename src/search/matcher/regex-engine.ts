/**
 * Rust's regex engine: the npm package rregex, which is the crate `regex` as WebAssembly. It is loaded when
 * it is first needed, and it gets bytes.
 *
 * The package's own methods take JavaScript strings. This file calls the module's exported functions
 * directly: a line is copied into the module's memory as bytes, and never becomes a string.
 *
 * Invariants: the module frees its haystack at the end of every call. The engine works on bytes, but the
 * package cuts the matched text out of the haystack, and such a cut must not be inside a character. So a
 * haystack for `find` and `findAll` has no continuation byte (80–BF) outside a valid sequence.
 */

import { EverwarpError, forgetDependency, requireDependency } from "../../base/index.ts";

/** The part of the package's module that this file uses. */
interface RawModule {
  memory: { readonly buffer: ArrayBuffer };
  __wbindgen_malloc(size: number, alignment: number): number;
  __wbindgen_export_2: { get(index: number): unknown };
  __externref_table_dealloc(index: number): void;
  rregex_shortestMatchAt(regex: number, haystack: number, length: number, start: number): number;
  rregex_findAt(regex: number, haystack: number, length: number, start: number): [number, number, number];
  rregex_findAll(regex: number, haystack: number, length: number): [number, number, number];
}
interface CompiledRegex {
  syntax(): unknown;
  free(): void;
}
interface Package {
  RRegex: new (pattern: string) => CompiledRegex;
  __wasm: RawModule;
}

/** A match: byte offsets into the haystack. */
export interface Span {
  start: number;
  end: number;
}

/** The answer of `rregex_shortestMatchAt` if there is no match. */
const NO_MATCH = 0x1_0000_0001;

let loaded: Package | undefined;

/** The package. Loading it takes about 10 ms. */
function load(): Package {
  if (loaded === undefined) {
    try {
      loaded = requireDependency("rregex") as Package;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", "there is no address space for the regex engine", {
        remedy: "Raise the limit (ulimit -v) to 12 GB, or search for plain text (-F).",
        cause,
      });
    }
    if (typeof loaded.__wasm?.rregex_findAt !== "function") {
      throw new EverwarpError("EW_INTERNAL", "the installed rregex does not export its functions", {
        remedy: "Install the version that package-lock.json names.",
      });
    }
  }
  return loaded;
}

/**
 * Lets the module go when the last regex does: its memory never gets smaller by itself. The next regex loads it again.
 */
export function unloadRegexEngine(): void {
  if (loaded === undefined) return;
  loaded = undefined;
  forgetDependency("rregex");
}

/** One compiled regex. */
export class RegexEngine {
  private readonly regex: CompiledRegex;
  private readonly address: number;
  private readonly raw: RawModule;
  private memory: Uint8Array;

  /** @throws Error with the engine's own message, for a pattern that does not parse or is too big */
  constructor(pattern: string) {
    const { RRegex, __wasm } = load();
    this.regex = new RRegex(pattern);
    this.address = (this.regex as unknown as { __wbg_ptr: number }).__wbg_ptr;
    this.raw = __wasm;
    this.memory = new Uint8Array(__wasm.memory.buffer);
  }

  /** The parsed pattern as the package's objects; see hir.ts. */
  syntax(): unknown {
    return this.regex.syntax();
  }

  /** Gives the memory back. The object cannot be used any more. */
  free(): void {
    this.regex.free();
  }

  /**
   * Offset, from `from` on, at which the leftmost match is known to exist. It is at most the match's end. −1
   * if there is none.
   * Any bytes are allowed.
   */
  shortestMatchEnd(bytes: Uint8Array, from: number, end: number): number {
    const haystack = this.copyIn(bytes, from, end);
    const offset = this.raw.rregex_shortestMatchAt(this.address, haystack, end - from, 0);
    return offset === NO_MATCH ? -1 : offset;
  }

  /** Leftmost match that starts at or after `at` in bytes[from, end). Offsets, and `at`, count from `from`. */
  find(bytes: Uint8Array, from: number, end: number, at: number): Span | undefined {
    const haystack = this.copyIn(bytes, from, end);
    return this.take(this.raw.rregex_findAt(this.address, haystack, end - from, at)) as Span | undefined;
  }

  /** All matches in bytes[from, end), in order. An empty match at the end of the match before it is left out. */
  findAll(bytes: Uint8Array, from: number, end: number): Span[] {
    const haystack = this.copyIn(bytes, from, end);
    return this.take(this.raw.rregex_findAll(this.address, haystack, end - from)) as Span[];
  }

  private copyIn(bytes: Uint8Array, from: number, end: number): number {
    const length = end - from;
    if (length === 0) return 1; // Rust's address of nothing
    const address = this.raw.__wbindgen_malloc(length, 1) >>> 0; // beyond 2 GiB the module says it as a negative number
    if (this.memory.byteLength === 0) this.memory = new Uint8Array(this.raw.memory.buffer); // it has grown
    if (length < 64) for (let i = 0; i < length; i++) this.memory[address + i] = bytes[from + i] as number;
    else this.memory.set(bytes.subarray(from, end), address);
    return address;
  }

  private take([value, error, failed]: [number, number, number]): unknown {
    const index = failed === 0 ? value : error;
    const table = this.raw.__wbindgen_export_2;
    const result: unknown = table.get(index);
    this.raw.__externref_table_dealloc(index);
    if (failed !== 0) throw new EverwarpError("EW_INTERNAL", "the regex engine failed", { cause: result });
    return result;
  }
}

/** For tests: plain text must never load the engine. */
export function isEngineLoaded(): boolean {
  return loaded !== undefined;
}
