/** The parsed pattern (regex-syntax's HIR) in a form that is easy to walk, and back to pattern text. */

import { STAND_INS } from "./pattern-syntax.ts";

/** A position assertion, by regex-syntax's name: `StartLF` is `^`, `WordUnicode` is `\b`, … */
export type LookName = keyof typeof LOOK_TEXTS;

/** A node of a parsed pattern. */
export type Hir =
  | { kind: "empty" }
  /** Text as UTF-8. */
  | { kind: "literal"; bytes: Uint8Array }
  /**
   * One character: of the ranges of code points (closed, ascending, apart) or of the class escapes (`\\w`), but none of
   * `without`. An empty class matches nothing.
   */
  | { kind: "class"; ranges: [number, number][]; escapes: string[]; without: number[] }
  | { kind: "look"; name: LookName }
  | { kind: "repetition"; min: number; max: number | undefined; greedy: boolean; sub: Hir }
  | { kind: "concat"; subs: Hir[] }
  | { kind: "alternation"; subs: Hir[] };

const LOOK_TEXTS = {
  Start: String.raw`\A`,
  End: String.raw`\z`,
  StartLF: "(?m:^)",
  EndLF: "(?m:$)",
  StartCRLF: "(?mR:^)",
  EndCRLF: "(?mR:$)",
  WordAscii: String.raw`(?-u:\b)`,
  WordAsciiNegate: String.raw`(?-u:\B)`,
  WordUnicode: String.raw`\b`,
  WordUnicodeNegate: String.raw`\B`,
  WordStartAscii: String.raw`(?-u:\b{start})`,
  WordEndAscii: String.raw`(?-u:\b{end})`,
  WordStartUnicode: String.raw`\b{start}`,
  WordEndUnicode: String.raw`\b{end}`,
  WordStartHalfAscii: String.raw`(?-u:\b{start-half})`,
  WordEndHalfAscii: String.raw`(?-u:\b{end-half})`,
  WordStartHalfUnicode: String.raw`\b{start-half}`,
  WordEndHalfUnicode: String.raw`\b{end-half}`,
} as const;

/** The objects of the package rregex, as far as this file reads them. */
interface Tagged {
  "@variant": string;
  "@values": unknown[];
}
interface RawHir {
  kind: Tagged;
}

/** Reads the objects of the package rregex. Captures are dropped, because only the match counts. */
export function readHir(raw: unknown): Hir {
  const { "@variant": variant, "@values": values } = (raw as RawHir).kind;
  const first = values?.[0];
  switch (variant) {
    case "Empty":
      return { kind: "empty" };
    case "Literal":
      return { kind: "literal", bytes: (first as Tagged)["@values"][0] as Uint8Array };
    case "Class": {
      const { ranges } = (first as Tagged)["@values"][0] as {
        ranges: { start: string | number; end: string | number }[];
      };
      return withEscapes(ranges.map(({ start, end }) => [codePoint(start), codePoint(end)]));
    }
    case "Look":
      return { kind: "look", name: (first as Tagged)["@variant"] as LookName };
    case "Repetition": {
      const { min, max, greedy, sub } = first as { min: number; max?: number; greedy: boolean; sub: unknown };
      return { kind: "repetition", min, max, greedy, sub: readHir(sub) };
    }
    case "Capture":
      return readHir((first as { sub: unknown }).sub);
    case "Concat":
      return { kind: "concat", subs: (first as unknown[]).map(readHir) };
    default:
      return { kind: "alternation", subs: (first as unknown[]).map(readHir) };
  }
}

/** The class with escapes in the place of the private-use characters of `abridge`. */
function withEscapes(ranges: [number, number][]): Hir {
  const escapes: string[] = [];
  const rest = ranges.filter(([from, to]) => {
    const standIn = STAND_INS.find(({ range }) => range[0] === from && range[1] === to);
    if (standIn !== undefined) escapes.push(standIn.escape);
    return standIn === undefined;
  });
  return { kind: "class", ranges: rest, escapes, without: [] };
}

const codePoint = (value: string | number): number =>
  typeof value === "number" ? value : (value.codePointAt(0) as number);

/** True if some node satisfies `test`. */
export function someNode(hir: Hir, test: (node: Hir) => boolean): boolean {
  if (test(hir)) return true;
  if (hir.kind === "repetition") return someNode(hir.sub, test);
  return (hir.kind === "concat" || hir.kind === "alternation") && hir.subs.some((sub) => someNode(sub, test));
}

/** True if the pattern can match without consuming a byte. */
export function canBeEmpty(hir: Hir): boolean {
  switch (hir.kind) {
    case "empty":
    case "look":
      return true;
    case "literal":
    case "class":
      return false;
    case "repetition":
      return hir.min === 0 || canBeEmpty(hir.sub);
    case "concat":
      return hir.subs.every(canBeEmpty);
    case "alternation":
      return hir.subs.some(canBeEmpty);
  }
}

/** True if the pattern itself requires `byte` (ASCII): in a literal, or as the only member of a class. */
export const needsByte = (hir: Hir, byte: number): boolean =>
  someNode(
    hir,
    (node) =>
      (node.kind === "literal" && node.bytes.includes(byte)) ||
      (node.kind === "class" &&
        node.ranges.length === 1 &&
        node.ranges[0]?.every((end) => end === byte) === true),
  );

/** True if `code` is a member of some class, or may be one by an escape. */
export const anyClassHas = (hir: Hir, code: number): boolean =>
  someNode(
    hir,
    (node) =>
      node.kind === "class" &&
      (node.ranges.some(([from, to]) => from <= code && code <= to) ||
        node.escapes.some((escape) => escape !== "\\w" && escape !== "\\d" && escape !== "\\S")),
  );

/** The pattern without `code` in any class. */
export function withoutInClasses(hir: Hir, code: number): Hir {
  switch (hir.kind) {
    case "class":
      return { ...hir, without: [...hir.without, code] };
    case "repetition":
      return { ...hir, sub: withoutInClasses(hir.sub, code) };
    case "concat":
    case "alternation":
      return { ...hir, subs: hir.subs.map((sub) => withoutInClasses(sub, code)) };
    default:
      return hir;
  }
}

/** The pattern with every assertion in `names` replaced by a class that never matches. */
export function withoutLooks(hir: Hir, names: ReadonlySet<LookName>): Hir {
  switch (hir.kind) {
    case "look":
      return names.has(hir.name) ? { kind: "class", ranges: [], escapes: [], without: [] } : hir;
    case "repetition":
      return { ...hir, sub: withoutLooks(hir.sub, names) };
    case "concat":
    case "alternation":
      return { ...hir, subs: hir.subs.map((sub) => withoutLooks(sub, names)) };
    default:
      return hir;
  }
}

/** The pattern with assertions replaced by others. */
export function withLooksRenamed(hir: Hir, names: Partial<Record<LookName, LookName>>): Hir {
  switch (hir.kind) {
    case "look":
      return { kind: "look", name: names[hir.name] ?? hir.name };
    case "repetition":
      return { ...hir, sub: withLooksRenamed(hir.sub, names) };
    case "concat":
    case "alternation":
      return { ...hir, subs: hir.subs.map((sub) => withLooksRenamed(sub, names)) };
    default:
      return hir;
  }
}

/** Pattern text that parses to `hir`, with no flags around it. */
export function printHir(hir: Hir): string {
  switch (hir.kind) {
    case "empty":
      return "(?:)";
    case "literal":
      return Array.from(Buffer.from(hir.bytes).toString("utf8"), (c) =>
        escapedCode(c.codePointAt(0) as number),
      ).join("");
    case "class":
      return printClass(hir);
    case "look":
      return LOOK_TEXTS[hir.name];
    case "repetition": {
      const count = hir.max === hir.min ? `{${hir.min}}` : `{${hir.min},${hir.max ?? ""}}`;
      return `(?:${printHir(hir.sub)})${count}${hir.greedy ? "" : "?"}`;
    }
    case "concat":
      return hir.subs
        .map((sub) => (sub.kind === "alternation" ? `(?:${printHir(sub)})` : printHir(sub)))
        .join("");
    case "alternation":
      return hir.subs.map(printHir).join("|");
  }
}

function printClass({ ranges, escapes, without }: Hir & { kind: "class" }): string {
  if (ranges.length + escapes.length === 0) return "[a&&b]"; // matches nothing
  const members = ranges.map(([from, to]) =>
    from === to ? escapedCode(from) : `${escapedCode(from)}-${escapedCode(to)}`,
  );
  const minus = without.length === 0 ? "" : `--[${without.map(escapedCode).join("")}]`;
  return `[${escapes.join("")}${members.join("")}${minus}]`;
}

const escapedCode = (code: number): string =>
  /[A-Za-z0-9]/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : `\\x{${code.toString(16)}}`;
