/** Finds literals in plain JavaScript: for tests, and where no faster scanner is given. */

import type { Literal, LiteralScanner } from "../contracts.ts";

/** Makes a scanner. One case-sensitive literal uses Buffer.indexOf. All other sets are compared byte by byte. */
export function createFallbackScanner(literals: readonly Literal[]): LiteralScanner {
  const [only] = literals;
  if (only !== undefined && literals.length === 1 && !only.ignoreAsciiCase) {
    const needle = Buffer.from(only.bytes);
    return {
      find(bytes, from, end) {
        const view = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from);
        const found = view.indexOf(needle);
        return found < 0 ? -1 : from + found;
      },
    };
  }
  const tests = new LiteralTests(literals);
  return {
    find(bytes, from, end) {
      for (let at = tests.nextStart(bytes, from, end); at < end; at = tests.nextStart(bytes, at + 1, end)) {
        if (tests.lengthAt(bytes, at, end, 0) >= 0) return at;
      }
      return -1;
    },
  };
}

/**
 * Tells whether one of the literals is at a given place.
 *
 * Literals are filed by a key: their first bytes. A key has as many bytes as the shortest literal, but at
 * most four. Its letters are in lower case if any literal ignores case. A table of hashed keys rejects nearly
 * every place, so thousands of literals cost little more than one. The idea is from Wu and Manber, "A fast
 * algorithm for multi-pattern searching" (1994).
 */
export class LiteralTests {
  private readonly literals: readonly Literal[];
  private readonly keyBytes: number;
  /** Each byte as it appears in a key. */
  private readonly folded: Uint8Array;
  /** 1 for the hash of every key. */
  private readonly hashes = new Uint8Array(1 << HASH_BITS);
  /** Indices of the literals for a key, ascending. */
  private readonly byKey = new Map<number, number[]>();
  /** Index of the literal that `lengthAt` found last. */
  index = -1;

  constructor(literals: readonly Literal[]) {
    this.literals = literals;
    this.keyBytes = literals.reduce((least, { bytes }) => Math.min(least, bytes.length), 4);
    const foldsCase = literals.some(({ ignoreAsciiCase }) => ignoreAsciiCase);
    this.folded = Uint8Array.from({ length: 256 }, (_, byte) =>
      foldsCase && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte,
    );
    for (const [index, { bytes }] of literals.entries()) {
      const key = this.keyAt(bytes, 0);
      this.hashes[hashOf(key)] = 1;
      const list = this.byKey.get(key);
      if (list === undefined) this.byKey.set(key, [index]);
      else list.push(index);
    }
  }

  /** First offset from `from` on where a literal may start. `end` if there is none. */
  nextStart(bytes: Uint8Array, from: number, end: number): number {
    const { folded, hashes, keyBytes } = this;
    const top = (keyBytes - 1) * 8;
    if (from + keyBytes > end) return end;
    let key = this.keyAt(bytes, from);
    for (let next = from + keyBytes; ; next++) {
      if (hashes[hashOf(key)] !== 0) return next - keyBytes;
      if (next >= end) return end;
      key = (key >>> 8) | ((folded[bytes[next] as number] as number) << top);
    }
  }

  /**
   * Length of the first literal that lies wholly in bytes[at, end), or −1. Literals before number
   * `firstIndex` are ignored.
   */
  lengthAt(bytes: Uint8Array, at: number, end: number, firstIndex: number): number {
    const candidates = at + this.keyBytes <= end ? this.byKey.get(this.keyAt(bytes, at)) : undefined;
    if (candidates === undefined) return -1;
    for (const index of candidates) {
      if (index < firstIndex) continue;
      const literal = this.literals[index] as Literal;
      if (at + literal.bytes.length <= end && liesAt(literal, bytes, at)) {
        this.index = index;
        return literal.bytes.length;
      }
    }
    return -1;
  }

  private keyAt(bytes: Uint8Array, at: number): number {
    let key = 0;
    for (let i = 0; i < this.keyBytes; i++)
      key |= (this.folded[bytes[at + i] as number] as number) << (i * 8);
    return key;
  }
}

const HASH_BITS = 15;
/** The top bits of the product with 2^32 divided by the golden ratio (Knuth's multiplicative hashing). */
const hashOf = (key: number): number => Math.imul(key, 0x9e3779b1) >>> (32 - HASH_BITS);

function liesAt({ bytes: wanted, ignoreAsciiCase }: Literal, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < wanted.length; i++) {
    const byte = bytes[at + i] as number;
    if (byte === wanted[i]) continue;
    if (!ignoreAsciiCase || byte < 0x41 || byte > 0x5a || (byte | 0x20) !== wanted[i]) return false;
  }
  return true;
}
