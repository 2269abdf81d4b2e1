/**
 * The host's signature kernel: which trigrams 32 blocks of text may have, as one word a row.
 *
 * Input → output: bytes in linear memory → 2,048 words in linear memory; bit b of word h: block b has a trigram of
 *   row h.
 * Memory: imported and shared; the kernel keeps no state, so any number of threads may run it, each with a scratch of
 *   its own. Reads up to 16 bytes past `end`.
 * Reference: src/search/reference/signatures.ts. Sizes and hash: src/search/signature/signature.ts.
 *
 * Scratch:  words of the rows (8 KiB) │ planes: bits of 8 blocks a byte, row by row, four of them (8 KiB)
 *           │ seen: a byte for each row and block of a plane (16 KiB) │ text of a block in lower case
 *
 * Method: a trigram is one store of a byte, without a load before it. Bytes become bits 16 rows at a time.
 */

const BLOCK_BYTES: u32 = 2048;
const OVERLAP_BYTES: u32 = 64;
const ROWS: u32 = 2048;
const MULTIPLIER: u32 = 0x27d4eb2f;
const SHIFT: u32 = 21;

const PLANES: u32 = 4;
const PLANE_BLOCKS: u32 = 8;

/** Copies text, and makes its ASCII letters lower-case ones. Writes up to 15 bytes more. */
// @ts-ignore: decorator
@inline
function fold(from: u32, size: u32, to: u32): void {
  for (let done: u32 = 0; done < size; done += 16) {
    const text = v128.load(from + done);
    const isLetter = i8x16.lt_u(i8x16.sub(text, i8x16.splat(0x41)), i8x16.splat(26));
    v128.store(to + done, v128.or(text, v128.and(isLetter, i8x16.splat(0x20))));
  }
}

// @ts-ignore: decorator
@inline
function rowAt(at: u32, rowMask: u32): u32 {
  return (((load<u32>(at) & 0xffffff) * MULTIPLIER) >> SHIFT) & rowMask;
}

/** Sets the bytes of the rows of `count` trigrams. */
// @ts-ignore: decorator
@inline
function mark(text: u32, count: u32, seen: u32, rowMask: u32): void {
  let at = text;
  const end = text + count;
  for (; at + 4 <= end; at += 4) {
    store<u8>(seen + rowAt(at, rowMask), 0xff);
    store<u8>(seen + rowAt(at + 1, rowMask), 0xff);
    store<u8>(seen + rowAt(at + 2, rowMask), 0xff);
    store<u8>(seen + rowAt(at + 3, rowMask), 0xff);
  }
  for (; at < end; at++) store<u8>(seen + rowAt(at, rowMask), 0xff);
}

/** Eight bytes of each row become eight bits. */
// @ts-ignore: decorator
@inline
function gather(seen: u32, plane: u32): void {
  for (let row: u32 = 0; row < ROWS; row += 16) {
    let bits = v128.and(v128.load(seen + row), i8x16.splat(1));
    for (let block: u32 = 1; block < PLANE_BLOCKS; block++) {
      bits = v128.or(bits, v128.and(v128.load(seen + block * ROWS + row), i8x16.splat(<i8>(<u32>1 << block))));
    }
    v128.store(plane + row, bits);
  }
}

/** Four bytes of each row, one a plane, become a word. */
// @ts-ignore: decorator
@inline
function interleave(planes: u32, words: u32): void {
  for (let row: u32 = 0; row < ROWS; row += 16) {
    const a = v128.load(planes + row);
    const b = v128.load(planes + ROWS + row);
    const c = v128.load(planes + 2 * ROWS + row);
    const d = v128.load(planes + 3 * ROWS + row);
    const lowAB = v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const highAB = v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const lowCD = v128.shuffle<u8>(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const highCD = v128.shuffle<u8>(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const to = words + (row << 2);
    v128.store(to, v128.shuffle<u16>(lowAB, lowCD, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(to, v128.shuffle<u16>(lowAB, lowCD, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    v128.store(to, v128.shuffle<u16>(highAB, highCD, 0, 8, 1, 9, 2, 10, 3, 11), 32);
    v128.store(to, v128.shuffle<u16>(highAB, highCD, 4, 12, 5, 13, 6, 14, 7, 15), 48);
  }
}

/**
 * Writes the signatures of the 32 blocks from `begin` on, of trigrams that lie wholly before `end`, to the beginning of
 * the scratch. `rowMask` is 2047; less makes hashes collide.
 */
export function sign(begin: u32, end: u32, scratch: u32, rowMask: u32): void {
  const planes = scratch + 4 * ROWS;
  const seen = planes + PLANES * ROWS;
  const text = seen + PLANE_BLOCKS * ROWS;
  for (let plane: u32 = 0; plane < PLANES; plane++) {
    memory.fill(seen, 0, PLANE_BLOCKS * ROWS);
    for (let block: u32 = 0; block < PLANE_BLOCKS; block++) {
      const from = begin + (plane * PLANE_BLOCKS + block) * BLOCK_BYTES;
      if (from >= end || end - from < 3) break;
      const size = min(end - from, BLOCK_BYTES + OVERLAP_BYTES + 2);
      fold(from, size, text);
      mark(text, size - 2, seen + block * ROWS, rowMask);
    }
    gather(seen, planes + plane * ROWS);
  }
  interleave(planes, scratch);
}
