/** Which occurrences of literals are matches. */
import type { FoundHits } from "./task.ts";

/**
 * Finds the occurrences of one row that are matches. The leftmost occurrence is a match. Where two begin together, it
 * is that of the earlier literal. An occurrence that begins within a match, or in a byte order mark, is none.
 * @param first index of the row's first occurrence
 * @param textStart where the row's text begins: behind a byte order mark
 * @param take is called with the index of each match
 * @returns the index behind the row
 */
export function eachMatch(
  { count, file, offset, length }: Pick<FoundHits, "count" | "file" | "offset" | "length">,
  first: number,
  textStart: number,
  take: (index: number) => void,
): number {
  const row = file[first];
  let free = textStart;
  let index = first;
  for (; index < count && file[index] === row; index++) {
    const at = offset[index] as number;
    if (at < free) continue;
    free = at + (length[index] as number);
    take(index);
  }
  return index;
}
