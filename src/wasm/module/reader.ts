/**
 * Reads the primitive parts of a binary: bytes, LEB128 integers, names.
 *
 * Source: "Values" of the binary format, WebAssembly Core Specification 2.0. An integer has no more bytes than its
 * width needs, and the bits that do not fit are zero, or copies of the sign.
 */
import { invalid, tooLarge } from "./faults.ts";
import { MAX } from "./limits.ts";

/** Reads a binary from front to back. `limit` is where the current part ends. */
export class BinaryReader {
  readonly bytes: Uint8Array;
  at: number;
  limit: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.at = 0;
    this.limit = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.limit;
  }

  /** One byte. */
  byte(): number {
    if (this.at >= this.limit) throw invalid(this.at, "unexpected end");
    return this.bytes[this.at++]!;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.limit - this.at) {
      const missing = length - (this.limit - this.at);
      throw invalid(
        this.at,
        `unexpected end: ${length} bytes should follow, and ${missing} of them are missing`,
      );
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** An unsigned integer of 32 bits. */
  u32(): number {
    const first = this.at < this.limit ? this.bytes[this.at]! : 0x80;
    if (first < 0x80) {
      this.at++;
      return first;
    }
    return this.#longU32();
  }

  #longU32(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last >= 0x80) throw invalid(start, "integer representation too long");
    if (last > 0x0f) throw invalid(start, "integer too large");
    return (value | (last << 28)) >>> 0;
  }

  /** A signed integer of 32 bits. */
  s32(): number {
    return this.#signed(32);
  }

  /** A signed integer of 33 bits: how a block type is written. */
  s33(): number {
    return this.#signed(33);
  }

  #signed(width: number): number {
    const start = this.at;
    let value = 0;
    for (let place = 1; place < 2 ** 28; place *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * place;
      if (byte < 0x80) return byte >= 0x40 ? value - place * 128 : value;
    }
    const last = this.byte();
    if (last >= 0x80) throw invalid(start, "integer representation too long");
    const used = width - 28;
    const signed = last >= 0x40 ? last - 0x80 : last;
    if (signed < -(2 ** (used - 1)) || signed >= 2 ** (used - 1)) throw invalid(start, "integer too large");
    return value + signed * 2 ** 28;
  }

  /** A signed integer of 64 bits. @returns its low and high word */
  s64(): readonly [low: number, high: number] {
    const start = this.at;
    let value = 0n;
    let shift = 0n;
    for (; shift < 63n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return words64(BigInt.asIntN(Number(shift) + 7, value));
    }
    const last = this.byte();
    if (last >= 0x80) throw invalid(start, "integer representation too long");
    if (last !== 0 && last !== 0x7f) throw invalid(start, "integer too large");
    return words64(value | (BigInt(last & 1) << 63n));
  }

  /** 32 bits in the order of memory. */
  bits32(): number {
    if (this.limit - this.at < 4) throw invalid(this.at, "unexpected end");
    this.at += 4;
    return this.#view.getInt32(this.at - 4, true);
  }

  /** How many things follow. @param what they are, for the error @param most how many are allowed */
  count(what: string, most: number): number {
    const start = this.at;
    const count = this.u32();
    if (count > most) throw tooLarge(start, what, count, most);
    return count;
  }

  /** A name: UTF-8 with its length before it. */
  name(): string {
    const start = this.at;
    const bytes = this.take(this.count("bytes of a name", MAX.nameBytes));
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw Object.assign(invalid(start, "malformed UTF-8 encoding"), { cause });
    }
  }
}

function words64(value: bigint): readonly [number, number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}
