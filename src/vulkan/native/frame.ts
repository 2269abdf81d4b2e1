/**
 * Scratch memory for the arguments of one native call.
 *
 * Native code gets plain addresses, which the garbage collector does not see. So arguments are not JavaScript objects.
 * They are written to one arena, which is never freed. The arena is used as a stack of frames.
 *
 *   arena   | outer frame | inner frame | free ...
 *                         ^ mark        ^ top
 *
 * Invariants: a frame's memory is zeroed when it is taken. It stays valid until `inFrame` returns. Frames nest.
 */

import { assert } from "../../base/index.ts";
import { koffi } from "./ffi.ts";
import { type InputRecordOf, type Layout, type RecordOf, readStruct, writeStruct } from "./native-layout.ts";

/** The arena's size. It suffices for every call without long lists. A larger block is allocated for a single frame. */
const ARENA_SIZE_BYTES = 256 * 1024;

interface Arena {
  readonly buffer: ArrayBuffer;
  readonly view: DataView;
  readonly address: bigint;
  top: number;
  /** Blocks that are too large for the arena. They are kept here because the frame object may be collected earlier. */
  readonly large: ArrayBuffer[];
}

let arena: Arena | undefined;

function openArena(): Arena {
  const buffer = new ArrayBuffer(ARENA_SIZE_BYTES);
  return { buffer, view: new DataView(buffer), address: koffi().address(buffer), top: 0, large: [] };
}

/** Memory that native code reads or writes. */
export class NativeMemory {
  readonly view: DataView;
  readonly address: bigint;

  constructor(view: DataView, address: bigint) {
    this.view = view;
    this.address = address;
  }
  u32(index = 0): number {
    return this.view.getUint32(index * 4, true);
  }
  u64(index = 0): bigint {
    return this.view.getBigUint64(index * 8, true);
  }
}

/** A struct in native memory. Read it after a native call has filled it. */
export class NativeStruct<L extends Layout> extends NativeMemory {
  readonly #layout: L;
  constructor(view: DataView, address: bigint, of: L) {
    super(view, address);
    this.#layout = of;
  }
  read(index = 0): RecordOf<L> {
    return readStruct(this.view, index * this.#layout.sizeBytes, this.#layout);
  }
}

/** Memory for the arguments of one call. */
export class Frame {
  readonly #arena: Arena;

  constructor(of: Arena) {
    this.#arena = of;
  }

  /** Takes zeroed memory, aligned to 16 bytes. */
  bytes(sizeBytes: number): NativeMemory {
    const start = (this.#arena.top + 15) & ~15;
    if (start + sizeBytes > ARENA_SIZE_BYTES) {
      const buffer = new ArrayBuffer(sizeBytes);
      this.#arena.large.push(buffer);
      return new NativeMemory(new DataView(buffer), koffi().address(buffer));
    }
    this.#arena.top = start + sizeBytes;
    const view = new DataView(this.#arena.buffer, start, sizeBytes);
    new Uint8Array(this.#arena.buffer, start, sizeBytes).fill(0);
    return new NativeMemory(view, this.#arena.address + BigInt(start));
  }

  /** Writes a struct with these values. All other fields are zero. */
  struct<L extends Layout>(of: L, values: InputRecordOf<L> = {}): NativeStruct<L> {
    return this.structs(of, [values]);
  }

  /** An array of structs. */
  structs<L extends Layout>(of: L, values: readonly InputRecordOf<L>[]): NativeStruct<L> {
    const memory = this.bytes(of.sizeBytes * values.length);
    values.forEach((each, index) => writeStruct(memory.view, index * of.sizeBytes, of, each));
    return new NativeStruct(memory.view, memory.address, of);
  }

  /** A zero-terminated UTF-8 string. */
  text(value: string): bigint {
    const encoded = new TextEncoder().encode(value);
    return this.copy(encoded, encoded.length + 1);
  }

  /** An array of zero-terminated strings. */
  texts(values: readonly string[]): bigint {
    return this.u64s(values.map((value) => this.text(value)));
  }

  /** An array of 64-bit values: handles, sizes, addresses. */
  u64s(values: readonly bigint[]): bigint {
    const memory = this.bytes(values.length * 8);
    values.forEach((value, index) => memory.view.setBigUint64(index * 8, value, true));
    return memory.address;
  }

  /** An array of 32-bit values. */
  u32s(values: readonly number[]): bigint {
    const memory = this.bytes(values.length * 4);
    values.forEach((value, index) => memory.view.setUint32(index * 4, value, true));
    return memory.address;
  }

  /** A copy of bytes, in `sizeBytes` of memory. */
  copy(source: Uint8Array, sizeBytes = source.length): bigint {
    const memory = this.bytes(sizeBytes);
    new Uint8Array(memory.view.buffer, memory.view.byteOffset, source.length).set(source);
    return memory.address;
  }
}

/** Runs `body` with a frame, and frees the frame's memory afterwards. For synchronous calls only. */
export function inFrame<T>(body: (frame: Frame) => T): T {
  arena ??= openArena();
  const mark = arena.top;
  const largeMark = arena.large.length;
  const frame = new Frame(arena);
  try {
    return body(frame);
  } finally {
    assert(arena.top >= mark, "frames end in the order opposite to their start");
    arena.top = mark;
    arena.large.length = largeMark;
  }
}
