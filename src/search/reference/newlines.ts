/**
 * The slow, obvious reference of `kernels/newline_count.comp`, `newline_spine.comp`, `line_ranks.comp` and of
 * `glsl/newlines.glsl`.
 */
const LINE_FEED = 0x0a;

/** Line feeds in [0, offsetBytes). */
export function newlinesBefore(bytes: Uint8Array, offsetBytes: number): number {
  let count = 0;
  for (let index = 0; index < offsetBytes; index++) if (bytes[index] === LINE_FEED) count++;
  return count;
}

/** Offset of the first byte of the line that `offsetBytes` lies in. */
export function lineStart(bytes: Uint8Array, offsetBytes: number): number {
  let start = offsetBytes;
  while (start > 0 && bytes[start - 1] !== LINE_FEED) start--;
  return start;
}
