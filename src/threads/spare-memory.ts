/**
 * Gives memory back that nothing needs any more. Programs that stay for long and are idle most of the time call this
 * when they have become idle: it takes some milliseconds, and without it neither V8 nor the C library does it.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { requireDependency } from "../base/index.ts";

interface CLibrary {
  malloc_trim(padBytes: number): number;
  mallopt(parameter: number, value: number): number;
}

/** From <malloc.h>. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
const M_ARENA_MAX = -8;

/** Larger pieces of memory are the system's again as soon as they are free. */
const OWN_PIECE_BYTES = 4 << 20;
/** So much may be free at the end of a heap. By default it grows with the largest piece, up to 64 MiB a heap. */
const FREE_END_BYTES = 256 << 10;

let collect: (() => void) | undefined;
let library: CLibrary | undefined;

/**
 * Collects the garbage of this thread, and moves what stays together. Where little was allocated in the last seconds,
 * V8 makes its space for new objects small again.
 * @param forgetsCode gives up what V8 has made of the program's text, too. Without it, the next work is as fast as the
 * last
 */
export function collectGarbage(forgetsCode = false): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    setFlagsFromString("--bytecode-old-age=1");
    collect = runInNewContext("gc") as () => void;
  }
  setFlagsFromString(forgetsCode ? "--flush-bytecode" : "--no-flush-bytecode");
  setFlagsFromString("--compact-on-every-full-gc");
  collect();
  setFlagsFromString("--no-compact-on-every-full-gc");
  setFlagsFromString("--no-flush-bytecode");
}

/** Gives free memory of the C library's heaps back to the system: those of all threads. */
export function trimHeaps(): void {
  cLibrary()?.malloc_trim(0);
}

/**
 * Lets all threads that start from now on share so many heaps of the C library, and every heap give back what is free
 * at its end. Each thread with a heap of its own keeps what it has freed, and `trimHeaps` frees the end of the first
 * heap only.
 */
export function limitHeaps(count: number): void {
  const own = cLibrary();
  own?.mallopt(M_ARENA_MAX, count);
  own?.mallopt(M_MMAP_THRESHOLD, OWN_PIECE_BYTES);
  own?.mallopt(M_TRIM_THRESHOLD, FREE_END_BYTES);
}

/** @returns undefined where the C library has no such calls */
function cLibrary(): CLibrary | undefined {
  if (library !== undefined) return library;
  const koffi = requireDependency("koffi") as {
    load(path: null): { func(prototype: string): (...values: number[]) => number };
  };
  try {
    const own = koffi.load(null);
    library = {
      malloc_trim: own.func("int malloc_trim(size_t padBytes)"),
      mallopt: own.func("int mallopt(int parameter, int value)"),
    };
  } catch {
    return undefined; // another C library (musl), which gives memory back by itself
  }
  return library;
}
