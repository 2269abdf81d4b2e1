/**
 * The scan kernel of the host engine: finds literals, counts and finds bytes, 16 at a time.
 *
 * Input → output: bytes in linear memory → positions in linear memory. Positions are offsets from the memory's start.
 * Memory: imported and shared. The kernel keeps no state outside a program block, so any number of threads may run it
 *   on one memory, each with a program block and an output block of its own.
 * Reads up to 16 bytes past `end`: callers keep that much memory behind every range.
 * Reference: src/search/reference/occurrences.ts. src/search/scanner/scan-program.ts writes the program block below.
 *
 * Program block (u32 words):
 *   0 literal count          1 offset of the first probe in a literal   2 offset of the second probe (one literal only)
 *   3 where to go on (out)   4 longest literal                          5 one when any byte ignores case
 *   8..16 first entry of each bucket (9 words)
 *   byte 80: six nibble tables of 16 bytes; byte 192: entries of 16 bytes:
 *   address of the literal's bytes, address of its masks, its length, its number.
 *   Bytes and masks are padded to a multiple of 16 with 0xff: (memory | mask) == bytes there always.
 *
 * Algorithms: one literal: two rare bytes of it are compared 16 positions at a time ("packed pair", W. Muła's generic
 * SIMD substring search). Several: nibble lookup of three bytes into eight buckets ("Teddy", G. Langdale's Hyperscan).
 */

const NOT_FOUND: u32 = 0xffffffff;

const PROGRAM_FIRST: u32 = 4;
const PROGRAM_SECOND: u32 = 8;
const PROGRAM_RESUME: u32 = 12;
const PROGRAM_FOLDS: u32 = 20;
const PROGRAM_BUCKETS: u32 = 32;
const PROGRAM_TABLES: u32 = 80;
const PROGRAM_ENTRIES: u32 = 192;

const ENTRY_BYTES: u32 = 0;
const ENTRY_MASKS: u32 = 4;
const ENTRY_LENGTH: u32 = 8;
const ENTRY_NUMBER: u32 = 12;
const ENTRY_SIZE: u32 = 16;

/** Are the literal's bytes at `at`? Reads to the next multiple of 16 past the literal's length. */
// @ts-ignore: decorator
@inline
function verify(at: u32, entry: u32): bool {
  const bytes = load<u32>(entry + ENTRY_BYTES);
  const masks = load<u32>(entry + ENTRY_MASKS);
  const length = load<u32>(entry + ENTRY_LENGTH);
  let done: u32 = 0;
  do {
    const seen = v128.or(v128.load(at + done), v128.load(masks + done));
    if (!i8x16.all_true(i8x16.eq(seen, v128.load(bytes + done)))) return false;
    done += 16;
  } while (done < length);
  return true;
}

/** Lanes of 16 positions from `at` where both probes agree. */
// @ts-ignore: decorator
@inline
function probe(at: u32, first: v128, firstMask: v128, second: v128, secondMask: v128, gap: u32, folds: bool): v128 {
  let low = v128.load(at);
  let high = v128.load(at + gap);
  if (folds) {
    low = v128.or(low, firstMask);
    high = v128.or(high, secondMask);
  }
  return v128.and(i8x16.eq(low, first), i8x16.eq(high, second));
}

// @ts-ignore: decorator
@inline
function scanPair(program: u32, from: u32, end: u32, out: u32, limit: u32, folds: bool): u32 {
  const entry = program + PROGRAM_ENTRIES;
  const length = load<u32>(entry + ENTRY_LENGTH);
  store<u32>(program, end, PROGRAM_RESUME);
  if (end < from || end - from < length) return 0;
  const last = end - length;
  const offset = load<u32>(program + PROGRAM_FIRST);
  const gap = load<u32>(program + PROGRAM_SECOND) - offset;
  const bytes = load<u32>(entry + ENTRY_BYTES) + offset;
  const masks = load<u32>(entry + ENTRY_MASKS) + offset;
  const first = i8x16.splat(load<u8>(bytes));
  const firstMask = i8x16.splat(load<u8>(masks));
  const second = i8x16.splat(load<u8>(bytes + gap));
  const secondMask = i8x16.splat(load<u8>(masks + gap));
  let count: u32 = 0;
  let at = from;
  while (at <= last) {
    let bits: u64;
    let step: u32;
    if (last - at >= 63) {
      const a = probe(at + offset, first, firstMask, second, secondMask, gap, folds);
      const b = probe(at + offset + 16, first, firstMask, second, secondMask, gap, folds);
      const c = probe(at + offset + 32, first, firstMask, second, secondMask, gap, folds);
      const d = probe(at + offset + 48, first, firstMask, second, secondMask, gap, folds);
      if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
        at += 64;
        continue;
      }
      bits =
        <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16)) |
        (<u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16)) << 32);
      step = 64;
    } else {
      bits = <u64>(<u32>i8x16.bitmask(probe(at + offset, first, firstMask, second, secondMask, gap, folds)));
      step = 16;
    }
    while (bits != 0) {
      const start = at + <u32>ctz(bits);
      if (start > last) return count;
      if (verify(start, entry)) {
        store<u32>(out + (count << 3), start);
        store<u32>(out + (count << 3), 0, 4);
        count += 1;
        if (count >= limit) {
          store<u32>(program, start + 1, PROGRAM_RESUME);
          return count;
        }
      }
      bits &= bits - 1;
    }
    at += step;
  }
  return count;
}

// @ts-ignore: decorator
@inline
function nibbles(at: u32, tables: u32): v128 {
  const seen = v128.load(at);
  const low = v128.and(seen, i8x16.splat(15));
  const high = i8x16.shr_u(seen, 4);
  return v128.and(
    v128.swizzle(v128.load(tables), low),
    v128.swizzle(v128.load(tables + 16), high),
  );
}

/** Buckets (one bit each) that 16 positions from `at` may begin a literal of. */
// @ts-ignore: decorator
@inline
function buckets(at: u32, tables: u32): v128 {
  return v128.and(
    v128.and(nibbles(at, tables), nibbles(at + 1, tables + 32)),
    nibbles(at + 2, tables + 64),
  );
}

function emit(at: u32, end: u32, program: u32, set: u32, out: u32, count: u32): u32 {
  const before = count;
  while (set != 0) {
    const bucket = program + PROGRAM_BUCKETS + (<u32>ctz(set) << 2);
    const until = load<u32>(bucket + 4);
    for (let entry = load<u32>(bucket); entry < until; entry += ENTRY_SIZE) {
      if (end - at < load<u32>(entry + ENTRY_LENGTH) || !verify(at, entry)) continue;
      // At one position literals come in the order of their numbers.
      const number = load<u32>(entry + ENTRY_NUMBER);
      let place = count;
      while (place > before && load<u32>(out + ((place - 1) << 3) + 4) > number) {
        store<u64>(out + (place << 3), load<u64>(out + ((place - 1) << 3)));
        place -= 1;
      }
      store<u32>(out + (place << 3), at);
      store<u32>(out + (place << 3), number, 4);
      count += 1;
    }
    set &= set - 1;
  }
  return count;
}

function scanTeddy(program: u32, from: u32, end: u32, out: u32, limit: u32): u32 {
  const tables = program + PROGRAM_TABLES;
  const offset = load<u32>(program + PROGRAM_FIRST);
  const lanes = program + PROGRAM_ENTRIES - 16;
  store<u32>(program, end, PROGRAM_RESUME);
  let count: u32 = 0;
  let at = from;
  while (at < end) {
    let found: v128;
    if (end - at >= 32 + offset) {
      found = buckets(at + offset, tables);
      const next = buckets(at + offset + 16, tables);
      if (!v128.any_true(v128.or(found, next))) {
        at += 32;
        continue;
      }
    } else {
      // A literal that begins in the last bytes may have its probes past the end only when it does not fit.
      if (end - at <= offset) return count;
      found = buckets(at + offset, tables);
    }
    let bits = <u32>~i8x16.bitmask(i8x16.eq(found, i8x16.splat(0))) & 0xffff;
    if (bits != 0) v128.store(lanes, found);
    while (bits != 0) {
      const lane = <u32>ctz(bits);
      const start = at + lane;
      if (start >= end) return count;
      count = emit(start, end, program, load<u8>(lanes + lane), out, count);
      if (count >= limit) {
        store<u32>(program, start + 1, PROGRAM_RESUME);
        return count;
      }
      bits &= bits - 1;
    }
    at += 16;
  }
  return count;
}

/**
 * Writes occurrences that lie wholly in [from, end) to `out`, pairs of (position, literal number), in ascending order, and
 * returns how many. Stops once there are `limit` or more (all literals of one position are given, at most 15 over it);
 * program word 3 then says where to go on.
 */
export function scan(program: u32, from: u32, end: u32, out: u32, limit: u32): u32 {
  if (load<u32>(program) != 1) return scanTeddy(program, from, end, out, limit);
  if (load<u32>(program + PROGRAM_FOLDS) != 0) return scanPair(program, from, end, out, limit, true);
  return scanPair(program, from, end, out, limit, false);
}

/** How many bytes in [from, end) are `byte`. */
export function countByte(byte: u32, from: u32, end: u32): u32 {
  const wanted = i8x16.splat(<i8>byte);
  let total: u32 = 0;
  let at = from;
  while (at + 32 <= end) {
    // A lane counts to 255 before it wraps.
    let rounds = (end - at) >> 5;
    if (rounds > 255) rounds = 255;
    let even = i8x16.splat(0);
    let odd = i8x16.splat(0);
    for (; rounds != 0; rounds--) {
      even = i8x16.sub(even, i8x16.eq(v128.load(at), wanted));
      odd = i8x16.sub(odd, i8x16.eq(v128.load(at + 16), wanted));
      at += 32;
    }
    const pairs = i16x8.add(i16x8.extadd_pairwise_i8x16_u(even), i16x8.extadd_pairwise_i8x16_u(odd));
    const quads = i32x4.extadd_pairwise_i16x8_u(pairs);
    total +=
      i32x4.extract_lane(quads, 0) +
      i32x4.extract_lane(quads, 1) +
      i32x4.extract_lane(quads, 2) +
      i32x4.extract_lane(quads, 3);
  }
  while (at < end) {
    let bits = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (end - at < 16) bits &= (1 << (end - at)) - 1;
    total += popcnt(bits);
    if (end - at <= 16) break;
    at += 16;
  }
  return total;
}

/** Position of the first `byte` in [from, end), or NOT_FOUND. */
export function findByte(byte: u32, from: u32, end: u32): u32 {
  const wanted = i8x16.splat(<i8>byte);
  let at = from;
  while (at < end) {
    if (end - at >= 64) {
      const a = i8x16.eq(v128.load(at), wanted);
      const b = i8x16.eq(v128.load(at + 16), wanted);
      const c = i8x16.eq(v128.load(at + 32), wanted);
      const d = i8x16.eq(v128.load(at + 48), wanted);
      if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
        at += 64;
        continue;
      }
    }
    const bits = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (bits != 0) {
      const found = at + ctz(bits);
      return found < end ? found : NOT_FOUND;
    }
    if (end - at <= 16) break;
    at += 16;
  }
  return NOT_FOUND;
}

/** Position of the last `byte` in [from, end), or NOT_FOUND. */
export function findLastByte(byte: u32, from: u32, end: u32): u32 {
  const wanted = i8x16.splat(<i8>byte);
  let at = end;
  while (at - from >= 16 && at > from) {
    at -= 16;
    const bits = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (bits != 0) return at + 31 - clz(bits);
  }
  while (at > from) {
    at -= 1;
    if (load<u8>(at) == <u8>byte) return at;
  }
  return NOT_FOUND;
}
