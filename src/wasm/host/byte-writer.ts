/** Writes the parts of a binary. */

/** Bytes that grow. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of what was written. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.bytes);
    this.#bytes = grown;
  }

  write(...bytes: readonly number[]): void {
    this.#reserve(bytes.length);
    for (const byte of bytes) this.#bytes[this.#length++] = byte;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** An unsigned LEB128. */
  u32(value: number): void {
    let rest = value >>> 0;
    for (; rest >= 0x80; rest >>>= 7) this.write((rest & 0x7f) | 0x80);
    this.write(rest);
  }

  /** A signed LEB128 of 64 bits. */
  s64(value: bigint): void {
    let rest = value;
    for (; rest >= 64n || rest < -64n; rest >>= 7n) this.write(Number(rest & 0x7fn) | 0x80);
    this.write(Number(rest & 0x7fn));
  }

  name(text: string): void {
    const bytes = Buffer.from(text);
    this.u32(bytes.length);
    this.append(bytes);
  }

  /** What another writer has, with its size before it. */
  sized(content: ByteWriter): void {
    this.u32(content.length);
    this.append(content.bytes);
  }
}
