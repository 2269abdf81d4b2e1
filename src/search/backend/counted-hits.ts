/** Hits that were only counted. */
import type { RawHits } from "./backend.ts";
import { NO_LINES } from "./no-lines.ts";

const NOTHING = new Uint32Array(0);

/**
 * The answer to a scan that asked for the count alone.
 * @param truncated `maxHits` ended the search early
 */
export function countedHits(count: number, truncated: boolean): RawHits {
  return {
    count,
    truncated,
    file: NOTHING,
    offset: NOTHING,
    length: NOTHING,
    literal: NOTHING,
    undecided: NO_LINES,
    locate: () => ({ line: NOTHING, column: NOTHING }),
  };
}
