import type { RawHits } from "../../src/search/backend/index.ts";

/** Hits as rows to compare: file, offset, literal, length, line, column. */
export function hitRows(hits: RawHits): number[][] {
  const { line, column } = hits.locate();
  return Array.from({ length: hits.count }, (_, index) => [
    hits.file[index]!,
    hits.offset[index]!,
    hits.literal[index]!,
    hits.length[index]!,
    line[index]!,
    column[index]!,
  ]);
}
