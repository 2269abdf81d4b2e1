/**
 * The scan kernel, bound to one linear memory.
 *
 * Invariant: callers keep `SCAN_SLACK_BYTES` of the same memory behind every range that they scan. The kernel
 * reads 16 bytes at a time and checks no bounds.
 */
import { EverwarpError } from "../../base/index.ts";
import { type CompiledModule, type LinearMemory, WebAssemblyRuntime } from "../../threads/index.ts";
import { SCAN_WASM_BASE64 } from "./generated/scan-wasm.ts";

/** Bytes behind a scanned range that the kernel may read, and ignores. */
export const SCAN_SLACK_BYTES = 64;
/** Largest size of one WebAssembly memory. */
const MEMORY_PAGES_MAX = 65_536;
/** Size of a page of WebAssembly memory. */
export const PAGE_BYTES = 65_536;
/** The kernel's answer when a byte is not found. */
export const NOT_FOUND = 0xffff_ffff;

interface KernelExports {
  scan(program: number, from: number, end: number, out: number, limit: number): number;
  countByte(byte: number, from: number, end: number): number;
  findByte(byte: number, from: number, end: number): number;
  findLastByte(byte: number, from: number, end: number): number;
}

let compiled: CompiledModule | undefined;

/** All positions are byte offsets from the memory's start, 0 to 2³² − 1. */
export class ScanKernel {
  readonly memory: LinearMemory;
  readonly #exports: KernelExports;

  constructor(memory: LinearMemory) {
    compiled ??= new WebAssemblyRuntime.Module(Buffer.from(SCAN_WASM_BASE64, "base64"));
    this.memory = memory;
    this.#exports = new WebAssemblyRuntime.Instance(compiled, { env: { memory } }).exports as KernelExports;
  }

  /**
   * Writes the occurrences that lie wholly in [from, end) as pairs of u32 (position, literal number), in
   * ascending order.
   * @param program address of a block written by `writeScanProgram`
   * @param out address of room for `limit + 15` pairs
   * @param limit the scan stops when it has so many pairs; word `PROGRAM_RESUME_WORD` of the block then says where to
   * continue
   * @returns the number of pairs
   */
  scan(program: number, from: number, end: number, out: number, limit: number): number {
    return this.#exports.scan(program, from, end, out, limit) >>> 0;
  }

  /** Number of bytes in [from, end) that are `byte`. */
  countByte(byte: number, from: number, end: number): number {
    return this.#exports.countByte(byte, from, end) >>> 0;
  }

  /** Position of the first `byte` in [from, end), or `NOT_FOUND`. */
  findByte(byte: number, from: number, end: number): number {
    return this.#exports.findByte(byte, from, end) >>> 0;
  }

  /** Position of the last `byte` in [from, end), or `NOT_FOUND`. */
  findLastByte(byte: number, from: number, end: number): number {
    return this.#exports.findLastByte(byte, from, end) >>> 0;
  }
}

/** Word of a program block that says where to continue a scan that stopped at its limit. */
export const PROGRAM_RESUME_WORD = 3;

/**
 * Reserves shared linear memory. The operating system commits its pages when they are first written.
 * @param sizeBytes at most 4 GiB − 64 KiB; it is rounded up to whole pages
 * @throws EW_OUT_OF_HOST_MEMORY when the address space cannot be reserved
 */
export function reserveSharedMemory(sizeBytes: number): LinearMemory {
  const pages = Math.max(1, Math.ceil(sizeBytes / PAGE_BYTES));
  try {
    return new WebAssemblyRuntime.Memory({ initial: pages, maximum: MEMORY_PAGES_MAX, shared: true });
  } catch (cause) {
    throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", `cannot reserve ${sizeBytes} bytes of shared memory`, {
      remedy: "Close other corpora or engines, or raise the address space limit (ulimit -v).",
      cause,
    });
  }
}
