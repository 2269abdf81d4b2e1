/** Puts one literal into the words of a scan request. */
import { EverwarpError } from "../../base/errors.ts";
import type { Literal } from "../contracts.ts";
import { BYTE_RANK } from "../host/byte-rank.ts";
import { Request } from "./scan.schema.ts";

/** Where a request looks and where its hits go. */
export interface ScanTarget {
  corpusIndex: number;
  recordBase: number;
  recordCapacity: number;
  /** Tiles [rangeBegin, rangeEnd) of the corpus. */
  rangeBegin: number;
  rangeEnd: number;
}

/**
 * Writes a request; returns how many words it takes.
 * @throws EW_REQUEST_TOO_LARGE for a literal of more than 208 bytes
 */
export function encodeScanRequest(words: Uint32Array, literal: Literal, target: ScanTarget): number {
  const { bytes, ignoreAsciiCase } = literal;
  const length = bytes.length;
  if (length === 0 || length > Request.LITERAL_BYTES_MAX) {
    throw new EverwarpError("EW_REQUEST_TOO_LARGE", `a literal of ${length} bytes does not fit a request`, {
      remedy: `Split it in pieces of 1 to ${Request.LITERAL_BYTES_MAX} bytes.`,
    });
  }
  words[Request.CORPUS] = target.corpusIndex;
  words[Request.LENGTH] = length | (ignoreAsciiCase ? Request.IGNORE_CASE : 0);
  words[Request.PAIR_OFFSET] = rarestPair(literal);
  words[Request.RECORD_BASE] = target.recordBase;
  words[Request.RECORD_CAPACITY] = target.recordCapacity;
  words[Request.RANGE_BEGIN] = target.rangeBegin;
  words[Request.RANGE_END] = target.rangeEnd;
  const literalWords = (length + 3) >> 2;
  for (let index = 0, at = 0; index < literalWords; index++, at += 4) {
    // Bytes behind the end read as undefined, which the shifts turn into 0.
    words[Request.LITERAL + index] =
      bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }
  return Request.LITERAL + literalWords;
}

/** Offset of the two neighbouring bytes that are rarest together; 0 for a literal of one byte. */
export function rarestPair({ bytes, ignoreAsciiCase }: Literal): number {
  let best = 0;
  let bestRank = Infinity;
  let previous = rankOf(bytes[0], ignoreAsciiCase);
  for (let at = 1; at < bytes.length; at++) {
    const rank = rankOf(bytes[at], ignoreAsciiCase);
    if (previous + rank < bestRank) {
      bestRank = previous + rank;
      best = at - 1;
    }
    previous = rank;
  }
  return best;
}

function rankOf(byte: number, ignoreAsciiCase: boolean): number {
  const isLetter = byte >= 0x61 && byte <= 0x7a;
  return ignoreAsciiCase && isLetter ? Math.max(BYTE_RANK[byte], BYTE_RANK[byte - 0x20]) : BYTE_RANK[byte];
}
