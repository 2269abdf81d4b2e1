/** From places in segments to lines of files. */
import type { DeviceCorpus } from "./device-corpus.ts";
import { entryAt } from "./hit-records.ts";

/**
 * @param places pairs: segment, offset of a line feed in it; in no order
 * @returns file and end of each line, in the order of memory
 */
export function doubtfulLines(
  places: Uint32Array,
  { map, placement }: DeviceCorpus,
): { file: Uint32Array; end: Uint32Array } {
  const positions = Float64Array.from(
    { length: places.length / 2 },
    (_, index) => places[2 * index]! * 2 ** 32 + places[2 * index + 1]!,
  ).sort();
  const file = new Uint32Array(positions.length);
  const end = new Uint32Array(positions.length);
  for (const [index, position] of positions.entries()) {
    const entry = entryAt(map.start, position);
    file[index] = map.file[entry]!;
    end[index] = Math.min(position - map.start[entry]!, placement.length[file[index]!]!);
  }
  return { file, end };
}
