/**
 * A line in the form that the regex engine takes.
 *
 * Invariant: `bytes[start, end)` has the line's length, and is the line itself if that is UTF-8. Else it is a
 * copy in which each byte that belongs to no character is FF. No pattern in Unicode mode distinguishes such
 * bytes. The engine's wrapper may cut a match beside an FF, but not beside a stray continuation byte.
 */

import { isUtf8 } from "node:buffer";

/** Holds the current line for the regex engine. One object serves all lines. */
export class LineHaystack {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  isAscii = true;
  private source: Uint8Array | undefined;
  private sourceStart = -1;
  private sourceEnd = -1;

  /**
   * Sets the line.
   * @param isFirst this is the first question about the line. Reused memory may contain another line at the
   * same place
   * @returns false if this is the line that was set last
   */
  set(source: Uint8Array, lineStart: number, lineEnd: number, isFirst: boolean): boolean {
    if (!isFirst && source === this.source && lineStart === this.sourceStart && lineEnd === this.sourceEnd)
      return false;
    this.source = source;
    this.sourceStart = lineStart;
    this.sourceEnd = lineEnd;
    this.bytes = source;
    this.start = lineStart;
    this.end = lineEnd;
    let at = lineStart;
    while (at < lineEnd && (source[at] as number) < 0x80) at++;
    this.isAscii = at === lineEnd;
    if (!this.isAscii) {
      // A copy that is never shared memory, because isUtf8 does not accept that.
      const copy = Uint8Array.prototype.slice.call(source, lineStart, lineEnd);
      if (!isUtf8(copy)) {
        maskInvalidBytes(copy);
        this.bytes = copy;
        this.start = 0;
        this.end = copy.length;
      }
    }
    return true;
  }
}

/** Replaces every byte that is not part of a valid UTF-8 sequence by FF. */
export function maskInvalidBytes(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at, bytes.length);
    if (length === 0) bytes[at] = 0xff;
    at += Math.max(length, 1);
  }
}

/** Length of the valid UTF-8 sequence at an offset of bytes[…, end), or 0 (Unicode, table 3-7). */
export function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const byteAt = (index: number): number => (index < end ? (bytes[index] as number) : 0);
  const isNext = (index: number): boolean => (byteAt(index) & 0xc0) === 0x80;
  const second = byteAt(at + 1);
  if (first >= 0xc2 && first <= 0xdf) return isNext(at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isNext(at + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && isNext(at + 2) && isNext(at + 3) ? 4 : 0;
  }
  return 0;
}
