/**
 * Turns literals into the program block that the scan kernel reads. assembly/scan.ts draws its layout.
 *
 * Invariant: a block depends on its position, because it holds addresses in its own memory. The kernel
 * changes only word 3 and the 16 scratch bytes before its entries. Two threads never share a block.
 */
import { assert } from "../../base/index.ts";
import type { Literal } from "../contracts.ts";
import { BYTE_RANK } from "./byte-rank.ts";

/** Largest number of literals in one program. */
export const PROGRAM_LITERAL_COUNT_MAX = 16;

/**
 * Up to so many passes, one for each literal by its two rarest bytes, are faster than one pass for all
 * literals.
 */
export const SINGLES_MAX = 3;

const BUCKETS_OFFSET = 32;
const TABLES_OFFSET = 80;
const ENTRIES_OFFSET = 192;
const ENTRY_BYTES = 16;
const BUCKET_COUNT = 8;

const padded = (length: number): number => Math.ceil(length / 16) * 16;

/** Size in bytes of the program block for these literals. */
export function scanProgramBytes(literals: readonly Literal[]): number {
  let total = ENTRIES_OFFSET + ENTRY_BYTES * literals.length;
  for (const { bytes } of literals) total += 2 * padded(bytes.length);
  return total;
}

const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

function rank({ bytes, ignoreAsciiCase }: Literal, index: number): number {
  const byte = bytes[index]!;
  if (!ignoreAsciiCase || !isLetter(byte)) return BYTE_RANK[byte]!;
  return Math.max(BYTE_RANK[byte]!, BYTE_RANK[byte & ~0x20]!);
}

/** Offsets of the two rarest bytes, ascending; equal for a literal of one byte. */
function rarestPair(literal: Literal): [number, number] {
  const { length } = literal.bytes;
  if (length === 1) return [0, 0];
  let best = 0;
  for (let index = 1; index < length; index++) if (rank(literal, index) < rank(literal, best)) best = index;
  let second = best === 0 ? 1 : 0;
  for (let index = 0; index < length; index++) {
    // A second, different byte excludes more places than the same byte again.
    const cost = rank(literal, index) + (literal.bytes[index] === literal.bytes[best] ? 256 : 0);
    const seconds = rank(literal, second) + (literal.bytes[second] === literal.bytes[best] ? 256 : 0);
    if (index !== best && cost < seconds) second = index;
  }
  return best < second ? [best, second] : [second, best];
}

/** One offset for all literals: the one whose three bytes are rarest in the worst literal. */
function rarestTriple(literals: readonly Literal[]): number {
  const shortest = Math.min(...literals.map(({ bytes }) => bytes.length));
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let offset = 0; offset <= Math.max(0, shortest - 3); offset++) {
    let cost = 0;
    for (const literal of literals) {
      let own = 0;
      for (let index = offset; index < offset + 3; index++)
        own += index < literal.bytes.length ? rank(literal, index) : 255;
      cost += own ** 4; // the commonest literal decides
    }
    if (cost < bestCost) {
      bestCost = cost;
      best = offset;
    }
  }
  return best;
}

/** Puts literals whose probe bytes are similar into one bucket. @returns the literals' numbers, bucket by bucket */
function fillBuckets(literals: readonly Literal[], offset: number): number[][] {
  const key = ({ bytes }: Literal): number =>
    ((bytes[offset] ?? 0) << 16) | ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0);
  const order = [...literals.keys()].toSorted((a, b) => key(literals[a]!) - key(literals[b]!) || a - b);
  const buckets: number[][] = Array.from({ length: BUCKET_COUNT }, () => []);
  for (const [place, number] of order.entries()) {
    buckets[Math.floor((place * BUCKET_COUNT) / order.length)]!.push(number);
  }
  return buckets;
}

/**
 * Writes the program block.
 * @param literals one to sixteen, none empty
 * @param memory the whole linear memory, from its start
 * @param address where the block begins, in bytes, a multiple of 16; `scanProgramBytes(literals)` bytes are written
 */
export function writeScanProgram(literals: readonly Literal[], memory: Uint8Array, address: number): void {
  assert(
    literals.length > 0 && literals.length <= PROGRAM_LITERAL_COUNT_MAX,
    `program of ${literals.length} literals`,
  );
  const size = scanProgramBytes(literals);
  memory.fill(0, address, address + size);
  const words = new DataView(memory.buffer, memory.byteOffset + address, size);
  const [first, second] = literals.length === 1 ? rarestPair(literals[0]!) : [rarestTriple(literals), 0];
  words.setUint32(0, literals.length, true);
  words.setUint32(4, first, true);
  words.setUint32(8, second, true);
  words.setUint32(16, Math.max(...literals.map(({ bytes }) => bytes.length)), true);
  words.setUint32(20, literals.some((literal) => literal.ignoreAsciiCase) ? 1 : 0, true);

  const buckets = literals.length === 1 ? [[0]] : fillBuckets(literals, first);
  let entry = ENTRIES_OFFSET;
  let text = ENTRIES_OFFSET + ENTRY_BYTES * literals.length;
  for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
    words.setUint32(BUCKETS_OFFSET + 4 * bucket, address + entry, true);
    for (const number of buckets[bucket] ?? []) {
      const { bytes, ignoreAsciiCase } = literals[number]!;
      const room = padded(bytes.length);
      words.setUint32(entry, address + text, true);
      words.setUint32(entry + 4, address + text + room, true);
      words.setUint32(entry + 8, bytes.length, true);
      words.setUint32(entry + 12, number, true);
      memory.fill(0xff, address + text, address + text + 2 * room);
      memory.set(bytes, address + text);
      for (let index = 0; index < bytes.length; index++) {
        memory[address + text + room + index] = ignoreAsciiCase && isLetter(bytes[index]!) ? 0x20 : 0;
      }
      if (literals.length > 1)
        addToTables(memory, address + TABLES_OFFSET, 1 << bucket, literals[number]!, first);
      entry += ENTRY_BYTES;
      text += 2 * room;
    }
  }
  words.setUint32(BUCKETS_OFFSET + 4 * BUCKET_COUNT, address + entry, true);
}

/** Sets a bucket's bit for every value that each of the three probed bytes may have. */
function addToTables(
  memory: Uint8Array,
  tables: number,
  bit: number,
  literal: Literal,
  offset: number,
): void {
  const { bytes, ignoreAsciiCase } = literal;
  for (let probe = 0; probe < 3; probe++) {
    const low = tables + 32 * probe;
    const high = low + 16;
    if (offset + probe >= bytes.length) {
      for (let nibble = 0; nibble < 32; nibble++) memory[low + nibble]! |= bit;
      continue;
    }
    const byte = bytes[offset + probe]!;
    memory[low + (byte & 15)]! |= bit;
    memory[high + (byte >> 4)]! |= bit;
    if (ignoreAsciiCase && isLetter(byte)) memory[high + ((byte ^ 0x20) >> 4)]! |= bit;
  }
}
