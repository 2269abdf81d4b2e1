/**
 * The slow, obvious reference of `kernels/scan.comp`: one literal, one segment, every occurrence, overlapping ones too.
 */
import type { Literal } from "../contracts.ts";
import { lineStart, newlinesBefore } from "./newlines.ts";

/** An occurrence. */
export interface ReferenceHit {
  /** In the segment, from 0. */
  offset: number;
  /** Line feeds before it in the segment. */
  newlinesBefore: number;
  /** Byte column in its line, from 1. */
  column: number;
}

/** Occurrences in ascending order of their offset. */
export function scanReference(bytes: Uint8Array, literal: Literal): ReferenceHit[] {
  const hits: ReferenceHit[] = [];
  for (let offset = 0; offset + literal.bytes.length <= bytes.length; offset++) {
    if (!occursAt(bytes, literal, offset)) continue;
    hits.push({
      offset,
      newlinesBefore: newlinesBefore(bytes, offset),
      column: offset - lineStart(bytes, offset) + 1,
    });
  }
  return hits;
}

function occursAt(bytes: Uint8Array, literal: Literal, offset: number): boolean {
  for (let index = 0; index < literal.bytes.length; index++) {
    const byte = bytes[offset + index];
    const folded = literal.ignoreAsciiCase ? toLowerAscii(byte) : byte;
    if (folded !== literal.bytes[index]) return false;
  }
  return true;
}

function toLowerAscii(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
