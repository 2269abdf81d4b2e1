/** A parsed pattern with its capture groups and its classes of bytes. */
import { badPattern, type Hir, type LookName, notAllowed } from "../matcher/index.ts";

/** Closed ranges, ascending and apart. */
export type Ranges = readonly (readonly [low: number, high: number])[];

/** A node of a parsed pattern. */
export type Node =
  | { kind: "empty" }
  | { kind: "literal"; bytes: Uint8Array }
  /** Code points, matched as UTF-8. */
  | { kind: "class"; ranges: Ranges }
  /** Single bytes. */
  | { kind: "byte"; ranges: Ranges }
  | { kind: "look"; name: LookName }
  | { kind: "repetition"; min: number; max: number | undefined; greedy: boolean; sub: Node }
  /** A group of the user's, counted from 1. */
  | { kind: "capture"; index: number; sub: Node }
  | { kind: "concat" | "alternation"; subs: Node[] };

/** Is some node as `test` says? */
export function someNode(node: Node, test: (node: Node) => boolean): boolean {
  if (test(node)) return true;
  if ("sub" in node) return someNode(node.sub, test);
  return "subs" in node && node.subs.some((sub) => someNode(sub, test));
}

/** The tree with every leaf replaced. */
export function withLeaves(node: Node, replace: (leaf: Node) => Node): Node {
  if ("sub" in node) return { ...node, sub: withLeaves(node.sub, replace) };
  if ("subs" in node) return { ...node, subs: node.subs.map((sub) => withLeaves(sub, replace)) };
  return replace(node);
}

/** The tree with its groups counted from a later number on. */
export function withGroupsFrom(node: Node, offset: number): Node {
  if ("subs" in node) return { ...node, subs: node.subs.map((sub) => withGroupsFrom(sub, offset)) };
  if (!("sub" in node)) return node;
  const sub = withGroupsFrom(node.sub, offset);
  return node.kind === "capture" ? { ...node, index: node.index + offset, sub } : { ...node, sub };
}

/** Can the pattern match without consuming a byte? */
export function canBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case "empty":
    case "look":
      return true;
    case "literal":
    case "class":
    case "byte":
      return false;
    case "repetition":
      return node.min === 0 || canBeEmpty(node.sub);
    case "capture":
      return canBeEmpty(node.sub);
    case "concat":
      return node.subs.every(canBeEmpty);
    case "alternation":
      return node.subs.some(canBeEmpty);
  }
}

const has = (ranges: Ranges, code: number): boolean =>
  ranges.some(([low, high]) => low <= code && code <= high);

/** Does the pattern itself require `byte` (ASCII), as ripgrep asks it: in a literal, or as the only one of a class? */
export const requiresByte = (node: Node, byte: number): boolean =>
  someNode(
    node,
    (each) =>
      (each.kind === "literal" && each.bytes.includes(byte)) ||
      ((each.kind === "class" || each.kind === "byte") &&
        each.ranges.length === 1 &&
        each.ranges[0]?.every((end) => end === byte) === true),
  );

const LINE_FEED = 10;
/** Assertions that look for a line feed, or for the ends of the text. */
const LINE_LOOKS: ReadonlySet<LookName> = new Set([
  "Start",
  "End",
  "StartLF",
  "EndLF",
  "StartCRLF",
  "EndCRLF",
] as const);

/** May a match contain `byte` (ASCII), or ask for it beside itself? ripgrep's condition for a search across lines. */
export const mayMatchByte = (node: Node, byte: number): boolean =>
  someNode(
    node,
    (each) =>
      (each.kind === "literal" && each.bytes.includes(byte)) ||
      ((each.kind === "class" || each.kind === "byte") && has(each.ranges, byte)) ||
      (each.kind === "look" && byte === LINE_FEED && LINE_LOOKS.has(each.name)),
  );

/**
 * The pattern without a byte that ends lines.
 * @param shown the byte as messages say it
 * @throws EW_BAD_PATTERN where the pattern needs the byte
 */
export const withoutByte = (node: Node, byte: number, shown: string): Node =>
  withLeaves(node, (leaf) => {
    if (leaf.kind === "literal" && leaf.bytes.includes(byte)) throw badPattern(notAllowed(shown));
    if (leaf.kind !== "class" && leaf.kind !== "byte") return leaf;
    if (!has(leaf.ranges, byte)) return leaf;
    const ranges = leaf.ranges.flatMap(([low, high]): [number, number][] =>
      (
        [
          [low, Math.min(high, byte - 1)],
          [Math.max(low, byte + 1), high],
        ] as [number, number][]
      ).filter(([from, to]) => from <= to),
    );
    if (ranges.length === 0) throw badPattern(notAllowed(shown));
    return { ...leaf, ranges };
  });

/** Does the pattern ask for the ends of the text? */
export const hasTextAnchor = (node: Node): boolean =>
  someNode(node, (each) => each.kind === "look" && (each.name === "Start" || each.name === "End"));

/** Does every match begin at the start of the text? */
export function isAnchoredAtStart(node: Node): boolean {
  switch (node.kind) {
    case "look":
      return node.name === "Start";
    case "repetition":
      return node.min > 0 && isAnchoredAtStart(node.sub);
    case "capture":
      return isAnchoredAtStart(node.sub);
    case "concat": {
      const first = node.subs.findIndex((sub) => sub.kind !== "look" || sub.name === "Start");
      return first >= 0 && isAnchoredAtStart(node.subs[first] as Node);
    }
    case "alternation":
      return node.subs.every(isAnchoredAtStart);
    default:
      return false;
  }
}

/** Does the pattern ask for the ends of words? */
export const hasWordLook = (node: Node): boolean =>
  someNode(node, (each) => each.kind === "look" && each.name.startsWith("Word"));

/** For a search over many lines: `\A` and `\z` are the ends of each line. */
export const withLineAnchors = (node: Node): Node =>
  withLeaves(node, (leaf) => {
    if (leaf.kind !== "look") return leaf;
    if (leaf.name === "Start") return { kind: "look", name: "StartLF" };
    return leaf.name === "End" ? { kind: "look", name: "EndLF" } : leaf;
  });

/** The pattern without groups, for a plan. Classes of bytes that are no characters become classes of anything. */
export function toHir(node: Node): Hir {
  switch (node.kind) {
    case "class":
      return {
        kind: "class",
        ranges: node.ranges.map(([low, high]) => [low, high]),
        escapes: [],
        without: [],
      };
    case "byte": {
      const isAscii = node.ranges.every(([, high]) => high < 0x80);
      const ranges = isAscii ? node.ranges : ([[0, 0x10ffff]] as const);
      return { kind: "class", ranges: ranges.map(([low, high]) => [low, high]), escapes: [], without: [] };
    }
    case "repetition":
      return { ...node, sub: toHir(node.sub) };
    case "capture":
      return toHir(node.sub);
    case "concat":
    case "alternation":
      return { kind: node.kind, subs: node.subs.map(toHir) };
    default:
      return node;
  }
}
