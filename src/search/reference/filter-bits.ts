/** The reference of all that runs a `ByteFilter`: one boolean for each place, in plain TypeScript. */
import type { ByteFilter, FilterStep } from "../contracts.ts";

/**
 * The result of a filter over bytes[from, until): one entry for each place. A line begins at `from`.
 */
export function filterBits(filter: ByteFilter, bytes: Uint8Array, from: number, until: number): boolean[] {
  const length = until - from;
  const streams: boolean[][] = [];
  const run = (step: FilterStep): boolean[] => {
    const place = (at: (index: number) => boolean): boolean[] =>
      Array.from({ length }, (_, index) => at(index));
    switch (step.kind) {
      case "set": {
        const set = filter.sets[step.set]!;
        return place((index) => set[bytes[from + index]!] === 1);
      }
      case "and":
        return place((index) => streams[step.left]![index]! && streams[step.right]![index]!);
      case "or":
        return place((index) => streams[step.left]![index]! || streams[step.right]![index]!);
      case "xor":
        return place((index) => streams[step.left]![index]! !== streams[step.right]![index]!);
      case "advance":
        return place((index) =>
          index < step.by ? step.first === 1 && index === step.by - 1 : streams[step.of]![index - step.by]!,
        );
      case "star": {
        const result = streams[step.of]!.slice();
        for (let index = 1; index < length; index++)
          result[index] ||= result[index - 1]! && streams[step.set]![index - 1]!;
        return result;
      }
    }
  };
  for (const step of filter.steps) streams.push(run(step));
  return streams[filter.result]!;
}
