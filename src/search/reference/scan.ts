/**
 * The slow, obvious reference of `kernels/scan.comp`: one literal, one segment, every occurrence, overlapping ones too.
 */
import type { Literal } from "../contracts.ts";
import { lineStart, newlinesBefore } from "./newlines.ts";
import { literalOccurrences } from "./occurrences.ts";

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
  return literalOccurrences([literal], bytes, 0, bytes.length).map(({ position }) => ({
    offset: position,
    newlinesBefore: newlinesBefore(bytes, position),
    column: position - lineStart(bytes, position) + 1,
  }));
}
