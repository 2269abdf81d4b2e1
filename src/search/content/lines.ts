/** Line borders in memory. A line includes its terminator. The last line of a file may have none. */

/** Up to this many bytes a plain loop beats a call into native code. */
const NEAR_BYTES = 96;

/** Index of the first byte of the line that contains `at`, but not below `floor`. */
export function lineStart(bytes: Buffer, at: number, floor: number, terminator: number): number {
  const near = Math.max(floor, at - NEAR_BYTES);
  for (let index = at - 1; index >= near; index--) if (bytes[index] === terminator) return index + 1;
  if (near === floor) return floor;
  const found = bytes.lastIndexOf(terminator, near - 1);
  return found < floor ? floor : found + 1;
}

/** Index after the terminator of the line that contains `at`. Where the line has no terminator, this is `end`. */
export function lineEnd(bytes: Buffer, at: number, end: number, terminator: number): number {
  const near = Math.min(end, at + NEAR_BYTES);
  for (let index = at; index < near; index++) if (bytes[index] === terminator) return index + 1;
  if (near === end) return end;
  const found = bytes.indexOf(terminator, near);
  return found === -1 || found >= end ? end : found + 1;
}

/** Number of terminators in bytes[from, to). */
export function countTerminators(bytes: Uint8Array, from: number, to: number, terminator: number): number {
  let count = 0;
  for (let index = from; index < to; index++) if (bytes[index] === terminator) count++;
  return count;
}

/**
 * Index of the line that is `count` lines before the last line of bytes[from, end). With fewer lines, this is
 * `from`.
 * A terminator at the very end belongs to the last line.
 */
export function precedingLine(
  bytes: Buffer,
  from: number,
  end: number,
  terminator: number,
  count: number,
): number {
  let at = end;
  if (at === from) return from;
  if (bytes[at - 1] === terminator) at--;
  for (let left = count; ; left--) {
    const start = lineStart(bytes, at, from, terminator);
    if (left === 0 || start <= from) return start;
    at = start - 1;
  }
}

/** Index where a line's text ends: before "\n", and with `crlf` before "\r\n". */
export function textEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
  terminator: number,
  crlf: boolean,
): number {
  if (end === start || bytes[end - 1] !== terminator) return end;
  if (crlf && end - 2 >= start && bytes[end - 2] === 13) return end - 2;
  return end - 1;
}
