/** Finds literals with nothing but JavaScript: for tests, and where no faster scanner is handed in. */

import type { Literal, LiteralScanner } from "../contracts.ts";

const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** One literal whose case counts goes through Buffer.indexOf; all else byte by byte. */
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

/** Asks a place whether one of the literals lies there. */
export class LiteralTests {
  private readonly literals: readonly Literal[];
  /** 1 for every byte that some literal starts with. */
  private readonly starts = new Uint8Array(256);
  /** Of the literal that `lengthAt` found last. */
  index = -1;

  constructor(literals: readonly Literal[]) {
    this.literals = literals;
    for (const { bytes, ignoreAsciiCase } of literals) {
      const first = bytes[0] as number;
      this.starts[first] = 1;
      if (ignoreAsciiCase && isLetter(first)) this.starts[first ^ 0x20] = 1;
    }
  }

  /** First offset from `from` on where a literal may start; `end` where there is none. */
  nextStart(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && this.starts[bytes[at] as number] === 0) at++;
    return at;
  }

  /** Length of the first literal, from the `firstIndex`-th on, that lies wholly in bytes[at, end); −1 where there is none. */
  lengthAt(bytes: Uint8Array, at: number, end: number, firstIndex: number): number {
    for (let i = firstIndex; i < this.literals.length; i++) {
      const literal = this.literals[i] as Literal;
      if (at + literal.bytes.length <= end && liesAt(literal, bytes, at)) {
        this.index = i;
        return literal.bytes.length;
      }
    }
    return -1;
  }
}

function liesAt({ bytes: wanted, ignoreAsciiCase }: Literal, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < wanted.length; i++) {
    const byte = bytes[at + i] as number;
    if (byte === wanted[i]) continue;
    if (!ignoreAsciiCase || byte < 0x41 || byte > 0x5a || (byte | 0x20) !== wanted[i]) return false;
  }
  return true;
}
