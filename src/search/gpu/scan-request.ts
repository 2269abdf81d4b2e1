/** Puts one literal into the words of a scan request. */
import { EverwarpError } from "../../base/index.ts";
import type { Literal } from "../contracts.ts";
import type { RequestTarget } from "./device-request.ts";
import type { SkippingTarget } from "./device-signatures.ts";
import type { PairCounts } from "./pair-counts.ts";
import { Operation, Request } from "./scan.schema.ts";

/**
 * Writes a request; returns how many words it takes.
 * @param skipping where the blocks that the literal's signature leaves are looked at, and not a range
 * @throws EW_REQUEST_TOO_LARGE for a literal of more than 208 bytes
 */
export function encodeScanRequest(
  words: Uint32Array,
  literal: Literal,
  target: RequestTarget,
  pairs: PairCounts,
  skipping: SkippingTarget | undefined,
): number {
  const { bytes, ignoreAsciiCase } = literal;
  const length = bytes.length;
  if (length === 0 || length > Request.LITERAL_BYTES_MAX) {
    throw new EverwarpError("EW_REQUEST_TOO_LARGE", `a literal of ${length} bytes does not fit a request`, {
      remedy: `Split it in pieces of 1 to ${Request.LITERAL_BYTES_MAX} bytes.`,
    });
  }
  words[Request.CORPUS] = target.corpusIndex;
  words[Request.LENGTH] =
    length | (ignoreAsciiCase ? Request.IGNORE_CASE : 0) | (Operation.SCAN << Request.OPERATION_SHIFT);
  if (skipping === undefined) words[Request.PAIR_OFFSET] = pairs.rarest(bytes, ignoreAsciiCase);
  words[Request.RECORD_BASE] = target.recordBase;
  words[Request.RECORD_CAPACITY] = target.recordCapacity;
  words[Request.RANGE_BEGIN] = target.rangeBegin;
  words[Request.RANGE_END] = target.rangeEnd;
  if (skipping !== undefined) addSkipping(words, skipping);
  const literalWords = (length + 3) >> 2;
  for (let index = 0, at = 0; index < literalWords; index++, at += 4) {
    // Bytes behind the end read as undefined, which the shifts turn into 0.
    words[Request.LITERAL + index] =
      bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }
  return Request.LITERAL + literalWords;
}

function addSkipping(words: Uint32Array, { address, pairOffset }: SkippingTarget): void {
  words[Request.LENGTH] |= Request.SKIPS;
  words[Request.PAIR_OFFSET] = pairOffset;
  words[Request.RANGE_BEGIN] = address.low;
  words[Request.RANGE_END] = address.high;
}
