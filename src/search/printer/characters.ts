/** Characters as a reader sees them (grapheme clusters) in bytes that are nearly UTF-8. */

/** Length of the UTF-8 sequence at `at`, or minus the length of the longest beginning of one, at least −1. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xf0 && first < 0xf5
          ? 4
          : 0;
  if (length === 0) return -1;
  // The second byte is narrower after some first bytes: no surrogates, nothing overlong, nothing above U+10FFFF.
  let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let count = 1; count < length; count++) {
    const next = at + count < end ? (bytes[at + count] as number) : 0;
    if (next < low || next > high) return -count;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

/** Index after the first `count` characters of bytes[start, end). What is not UTF-8 counts as one character per broken sequence. */
export function endOfCharacters(bytes: Buffer, start: number, end: number, count: number): number {
  let text = "";
  /** Where in `bytes` the UTF-16 unit i of `text` begins. */
  const offsets: number[] = [];
  for (let at = start; at < end;) {
    const length = sequenceLength(bytes, at, end);
    const piece = length > 0 ? bytes.toString("utf8", at, at + length) : "\ufffd";
    for (let unit = 0; unit < piece.length; unit++) offsets.push(at);
    text += piece;
    at += Math.abs(length);
    // No character is longer than this in practice, and then the rest of a very long line need not be looked at.
    if (offsets.length > count * 64) break;
  }
  let left = count;
  for (const { index } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text))
    if (left-- === 0) return offsets[index] as number;
  return end;
}
