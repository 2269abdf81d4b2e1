/**
 * WASI preview 1, the part that a program without files needs: arguments, variables, clocks, random numbers, the three
 * standard streams, and its end. Every other function answers ENOSYS, so that programs start that import more than
 * they use.
 *
 * Source: the witx files of `wasi_snapshot_preview1`.
 */
import { randomFillSync } from "node:crypto";
import { FaultyPointer, GuestMemory } from "./guest-memory.ts";

/** The module that programs import. */
export const WASI_MODULE = "wasi_snapshot_preview1";

const ERRNO = { success: 0, badf: 8, fault: 21, inval: 28, nosys: 52, spipe: 70 } as const;
const FILE_TYPE_CHARACTERS = 2;
const RIGHT_READ = 1n << 1n;
const RIGHT_WRITE = 1n << 6n;

/** What a program sees of its surroundings. */
export interface WasiSurroundings {
  /** The name of the program, and its arguments. */
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Reads up to so many bytes of standard input; no bytes at its end. */
  readonly read: (most: number) => Uint8Array;
  /** Writes to standard output (1) or standard error (2). */
  readonly write: (stream: 1 | 2, bytes: Uint8Array) => void;
}

/** A program called `proc_exit`. */
export class WasiExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the program ended with the code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

type WasiFunction = (...values: never[]) => number;

/**
 * The functions that a program imports.
 *
 * @param names of the functions that it imports from `WASI_MODULE`
 * @param buffer the memory of the program; it is there when the first function is called
 */
export function wasiImports(
  names: readonly string[],
  surroundings: WasiSurroundings,
  buffer: () => ArrayBuffer,
): Record<string, WasiFunction> {
  const memory = new GuestMemory(buffer);
  const known: Record<string, WasiFunction> = {
    ...listFunctions(memory, surroundings),
    ...streamFunctions(memory, surroundings),
    ...systemFunctions(memory),
  };
  const entries = names.map((name): [string, WasiFunction] => [
    name,
    answering(Object.hasOwn(known, name) ? known[name] : undefined),
  ]);
  return Object.fromEntries(entries);
}

/** A pointer that leads out of the memory is an error of the call, not of the host. */
function answering(run: WasiFunction | undefined): WasiFunction {
  if (run === undefined) return () => ERRNO.nosys;
  return (...values) => {
    try {
      return run(...values);
    } catch (error) {
      if (error instanceof FaultyPointer) return ERRNO.fault;
      throw error;
    }
  };
}

function listFunctions(memory: GuestMemory, { args, env }: WasiSurroundings): Record<string, WasiFunction> {
  const sizes = (list: readonly string[]) => (countAt: number, bytesAt: number) => {
    memory.writeU32(countAt, list.length);
    memory.writeU32(
      bytesAt,
      textsOf(list).reduce((sum, { length }) => sum + length, 0),
    );
    return ERRNO.success;
  };
  const get = (list: readonly string[]) => (pointersAt: number, textsAt: number) => {
    let at = textsAt;
    for (const [index, text] of textsOf(list).entries()) {
      memory.writeU32(pointersAt + 4 * index, at);
      memory.bytes(at, text.length).set(text);
      at += text.length;
    }
    return ERRNO.success;
  };
  return {
    args_sizes_get: sizes(args),
    args_get: get(args),
    environ_sizes_get: sizes(env),
    environ_get: get(env),
  };
}

/** Texts with the NUL at their end. */
function textsOf(list: readonly string[]): Buffer[] {
  return list.map((text) => Buffer.from(`${text}\0`));
}

/** Runs something for a stream that is open. */
type OnOpen = (stream: number, act: () => number) => number;

function streamFunctions(memory: GuestMemory, surroundings: WasiSurroundings): Record<string, WasiFunction> {
  const isOpen = [true, true, true];
  const onOpen: OnOpen = (stream, act) => (isOpen[stream] === true ? act() : ERRNO.badf);
  return {
    ...transferFunctions(memory, surroundings, onOpen),
    fd_close: (stream: number) =>
      onOpen(stream, () => {
        isOpen[stream] = false;
        return ERRNO.success;
      }),
    fd_seek: (stream: number) => onOpen(stream, () => ERRNO.spipe),
    fd_tell: (stream: number) => onOpen(stream, () => ERRNO.spipe),
    fd_fdstat_set_flags: (stream: number) => onOpen(stream, () => ERRNO.success),
    fd_fdstat_get: (stream: number, at: number) =>
      onOpen(stream, () => {
        memory.bytes(at, 24).fill(0);
        memory.writeU8(at, FILE_TYPE_CHARACTERS);
        memory.writeU64(at + 8, stream === 0 ? RIGHT_READ : RIGHT_WRITE);
        return ERRNO.success;
      }),
    fd_filestat_get: (stream: number, at: number) =>
      onOpen(stream, () => {
        memory.bytes(at, 64).fill(0);
        memory.writeU8(at + 16, FILE_TYPE_CHARACTERS);
        return ERRNO.success;
      }),
    // No folder is open: this is how programs find that out.
    fd_prestat_get: () => ERRNO.badf,
    fd_prestat_dir_name: () => ERRNO.badf,
  };
}

function transferFunctions(
  memory: GuestMemory,
  { read, write }: WasiSurroundings,
  onOpen: OnOpen,
): Record<string, WasiFunction> {
  /** The parts of memory that a list of pointers and lengths names. The list is looked at first: it may be too long. */
  const parts = (at: number, count: number): Uint8Array[] => {
    memory.bytes(at, Math.min((count >>> 0) * 8, 2 ** 32 - 1));
    return Array.from({ length: count >>> 0 }, (_, index) =>
      memory.bytes(memory.readU32(at + 8 * index), memory.readU32(at + 8 * index + 4)),
    );
  };
  return {
    fd_write: (stream: number, at: number, count: number, writtenAt: number) =>
      onOpen(stream, () => {
        if (stream === 0) return ERRNO.badf;
        const list = parts(at, count);
        memory.writeU32(
          writtenAt,
          list.reduce((sum, { length }) => sum + length, 0),
        );
        for (const part of list) write(stream as 1 | 2, part.slice());
        return ERRNO.success;
      }),
    fd_read: (stream: number, at: number, count: number, readAt: number) =>
      onOpen(stream, () => {
        if (stream !== 0) return ERRNO.badf;
        let sum = 0;
        for (const part of parts(at, count)) {
          const bytes = read(part.length);
          part.set(bytes);
          sum += bytes.length;
          if (bytes.length < part.length) break;
        }
        memory.writeU32(readAt, sum);
        return ERRNO.success;
      }),
  };
}

function systemFunctions(memory: GuestMemory): Record<string, WasiFunction> {
  /** Realtime, and the time of this process for the others. */
  const nanoseconds = (clock: number): bigint =>
    clock === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
  return {
    clock_time_get: (clock: number, _precision: bigint, at: number) => {
      if (clock >>> 0 > 3) return ERRNO.inval;
      memory.writeU64(at, nanoseconds(clock));
      return ERRNO.success;
    },
    clock_res_get: (clock: number, at: number) => {
      if (clock >>> 0 > 3) return ERRNO.inval;
      memory.writeU64(at, clock === 0 ? 1_000_000n : 1n);
      return ERRNO.success;
    },
    random_get: (at: number, length: number) => {
      randomFillSync(memory.bytes(at, length));
      return ERRNO.success;
    },
    sched_yield: () => ERRNO.success,
    proc_exit: (code: number) => {
      throw new WasiExit(code >>> 0);
    },
  };
}
