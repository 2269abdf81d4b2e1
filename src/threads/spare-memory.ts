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
const M_ARENA_MAX = -8;

let collect: (() => void) | undefined;
let library: CLibrary | undefined;

/**
 * Collects the garbage of this thread. Compiled code stays, so that the next work is as fast as the last. Where little
 * was allocated in the last seconds, V8 makes its space for new objects small again.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--no-flush-bytecode");
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/** Gives free memory of the C library's heaps back to the system: those of all threads. */
export function trimHeaps(): void {
  cLibrary()?.malloc_trim(0);
}

/**
 * Lets all threads that start from now on share so many heaps of the C library. Each thread with a heap of its own
 * keeps what it has freed.
 */
export function limitHeaps(count: number): void {
  cLibrary()?.mallopt(M_ARENA_MAX, count);
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
