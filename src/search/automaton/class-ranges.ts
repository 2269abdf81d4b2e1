/** The code points of a class of a pattern. */
import { classOfEscape, type Hir } from "../matcher/index.ts";

type Ranges = readonly (readonly [number, number])[];

/** Classes that were looked up, so that what is made of one can be kept by its identity. */
const known = new Map<string, Ranges>();
const MOST_KNOWN = 256;

/** Closed ranges, ascending and apart. The same class gives the same object, for as long as it is kept. */
export function rangesOf(node: Hir & { kind: "class" }): Ranges {
  const key = `${node.escapes.join("")} ${node.ranges.join(";")} ${node.without.join(";")}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  let ranges: Ranges = united([...node.ranges, ...node.escapes.flatMap(classOfEscape)]);
  for (const code of node.without) ranges = ranges.flatMap((range) => withoutCode(range, code));
  known.set(key, ranges);
  return ranges;
}

function united(ranges: readonly (readonly [number, number])[]): Ranges {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const result: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else result.push([low, high]);
  }
  return result;
}

function withoutCode([low, high]: readonly [number, number], code: number): [number, number][] {
  const parts: [number, number][] = [
    [low, Math.min(high, code - 1)],
    [Math.max(low, code + 1), high],
  ];
  return code < low || code > high ? [[low, high]] : parts.filter(([from, to]) => from <= to);
}
