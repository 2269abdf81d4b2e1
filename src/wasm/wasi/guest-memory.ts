/** The memory of a program, as functions of the host see it. Every access is checked. */

/** A pointer leads out of the memory. */
export class FaultyPointer extends Error {}

/** Reads and writes in the memory that an instance has now: it may have grown since the last call. */
export class GuestMemory {
  readonly #buffer: () => ArrayBuffer;

  constructor(buffer: () => ArrayBuffer) {
    this.#buffer = buffer;
  }

  /** A view of some bytes. @throws FaultyPointer */
  bytes(at: number, length: number): Uint8Array {
    const buffer = this.#buffer();
    const start = at >>> 0;
    if (start + (length >>> 0) > buffer.byteLength) throw new FaultyPointer();
    return new Uint8Array(buffer, start, length >>> 0);
  }

  #view(at: number, length: number): DataView {
    const { buffer, byteOffset } = this.bytes(at, length);
    return new DataView(buffer, byteOffset, length);
  }

  readU32(at: number): number {
    return this.#view(at, 4).getUint32(0, true);
  }

  writeU8(at: number, value: number): void {
    this.#view(at, 1).setUint8(0, value);
  }

  writeU32(at: number, value: number): void {
    this.#view(at, 4).setUint32(0, value, true);
  }

  writeU64(at: number, value: bigint): void {
    this.#view(at, 8).setBigUint64(0, value, true);
  }
}
