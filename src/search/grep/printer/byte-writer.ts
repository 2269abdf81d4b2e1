/**
 * A byte buffer that grows. A printer writes one file's output into it. The caller writes it out in large
 * pieces.
 */
export class ByteWriter {
  bytes: Buffer;
  /** Number of bytes that were written. */
  length = 0;

  constructor(capacityBytes = 64 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  clear(): void {
    this.length = 0;
  }

  /** The written bytes. Valid until the next write. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  writeByte(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  write(source: Uint8Array): void {
    this.writeRange(source, 0, source.length);
  }

  writeRange(source: Uint8Array, from: number, to: number): void {
    const count = to - from;
    if (count <= 0) return;
    if (this.length + count > this.bytes.length) this.reserve(count);
    const { bytes } = this;
    let at = this.length;
    if (count < 48) for (let index = from; index < to; index++) bytes[at++] = source[index] as number;
    else bytes.set(source.subarray(from, to), at);
    this.length += count;
  }

  /** Appends text as UTF-8. */
  writeText(text: string): void {
    const atMost = text.length * 3;
    if (this.length + atMost > this.bytes.length) this.reserve(atMost);
    this.length += this.bytes.write(text, this.length);
  }

  /** Appends a whole number ≥ 0 in decimal digits. */
  writeNumber(value: number): void {
    if (this.length + 20 > this.bytes.length) this.reserve(20);
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const next = Math.floor(rest / 10);
      this.bytes[at] = 48 + (rest - next * 10);
      rest = next;
    }
    this.length += digits;
  }

  private reserve(count: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
