/**
 * The queries of `search/queries`: what people, editors and agents look for in source code, and what is hard for a
 * search. One line is one query.
 *
 * Letters of `flags` are ripgrep's: `F` text instead of a pattern, `i` any case, `w` whole words, `x` whole lines.
 */
import type { Query } from "../corpora/index.ts";

/** What is to be looked for in a query: no two kinds are answered in the same way. */
export type QueryKind =
  | "absent"
  | "rare literal"
  | "common literal"
  | "any case"
  | "whole words"
  | "whole lines"
  | "alternation"
  | "several patterns"
  | "literal and class"
  | "classes alone"
  | "unbounded"
  | "anchors"
  | "empty"
  | "Unicode"
  | "very many hits";

/** A query of the table. */
export interface TableQuery extends Query {
  readonly kind: QueryKind;
  /** As it is typed behind `rg`. No two are the same. */
  readonly name: string;
}

type Line = readonly [kind: QueryKind, flags: string, ...patterns: [string, ...string[]]];

const r = String.raw;

const LINES: readonly Line[] = [
  ["absent", "F", "zzqqxxyy"],
  ["absent", "Fi", "zzqqxxyy"],
  ["absent", "", r`zzqq\w+\(`],
  ["absent", "", "[A-Z]{40,}_QQ"],
  ["rare literal", "F", "deadlock"],
  ["rare literal", "F", "import numpy"],
  ["rare literal", "F", "NotImplementedError"],
  ["rare literal", "F", "localhost:8080"],
  ["common literal", "F", "return"],
  ["common literal", "F", "self."],
  ["common literal", "", "def forward"],
  ["any case", "Fi", "copyright"],
  ["any case", "Fi", "deprecated"],
  ["any case", "i", r`error.*timeout`],
  ["any case", "", "(?i)warning.{0,20}deprecat"],
  ["whole words", "Fw", "int"],
  ["whole words", "Fw", "s"],
  ["whole words", "Fiw", "the"],
  ["whole words", "", r`\bfn\b`],
  ["whole words", "", r`\bint\b`],
  ["whole words", "w", r`[a-z]+_id`],
  ["whole lines", "Fx", "pass"],
  ["whole lines", "x", r`\s*return None`],
  ["alternation", "", "TODO|FIXME|XXX"],
  ["alternation", "", "import (os|sys|re|json)"],
  ["alternation", "", r`log(ger|ging)?\.(debug|info|warning|error)\(`],
  ["several patterns", "F", "malloc", "calloc", "realloc", "free("],
  ["several patterns", "", r`raise \w+Error`, r`throw new \w+`, "panic!"],
  ["literal and class", "", r`def \w+\(self`],
  ["literal and class", "", r`class \w+\(.*\):`],
  ["literal and class", "", r`0x[0-9a-fA-F]{8}`],
  ["literal and class", "", r`https?://[^\s"'<>)]+`],
  ["literal and class", "", r`test_\w+`],
  ["classes alone", "", "[0-9]{6,}"],
  ["classes alone", "", "[A-Z]{3,}_[A-Z]{3,}"],
  ["classes alone", "", "[aeiou]{5}"],
  ["classes alone", "", r`\w{30,}`],
  ["classes alone", "", r`\b\d+\.\d+\.\d+\b`],
  ["unbounded", "", r`\w+@\w+\.com`],
  ["unbounded", "", r`"[^"]*\\n[^"]*"`],
  ["unbounded", "", "if .* else .* for .* in"],
  ["unbounded", "", r`\(\s*\w+\s*,\s*\w+\s*\)\s*=>`],
  ["anchors", "", r`\s+$`],
  ["anchors", "", r`^\s*#`],
  ["anchors", "", r`^(class|def|function) \w+`],
  ["anchors", "", r`[;{]$`],
  ["empty", "", "^$"],
  ["empty", "", r`^\s*$`],
  ["Unicode", "", r`\p{Greek}`],
  ["Unicode", "", r`[^\x00-\x7F]+`],
  ["Unicode", "Fi", "größe"],
  ["very many hits", "F", "e"],
  ["very many hits", "", r`\w+`],
];

/** All queries, in the order in which they are asked. */
export const TABLE: readonly TableQuery[] = LINES.map(([kind, flags, ...patterns]) => ({
  kind,
  name: nameOf(flags, patterns),
  pattern: patterns.length === 1 ? (patterns[0] as string) : patterns,
  isRegex: !flags.includes("F"),
  ignoreCase: flags.includes("i"),
  isWord: flags.includes("w"),
  isLine: flags.includes("x"),
}));

/** `-iw -e one -e two`. That a text is no pattern shows only where its letters would mean something in a pattern. */
function nameOf(flags: string, patterns: readonly string[]): string {
  const isPlain = patterns.every((pattern) => !/[\\.+*?()|[\]{}^$]/.test(pattern));
  const shown = isPlain ? flags.replace("F", "") : flags;
  const words = patterns.length === 1 ? patterns : patterns.map((pattern) => `-e ${pattern}`);
  return [...(shown === "" ? [] : [`-${shown}`]), ...words].join(" ");
}
