/**
 * The scripts in the source of binaryen 108, which Debian 12 has: the specification's, some of them old, and binaryen's
 * own. Their older spellings become those of today's text format.
 */
import { LEFT_OUT_FORMS } from "./binaryen-left-out.ts";

/** What a form of a script is rewritten by, in order. No rewrite moves a line. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  // The type of a block stood without `result`.
  [/\((block|loop|if)((?: \$[^\s()]+)?) (i32|i64|f32|f64)(?=[\s()])/g, "($1$2 (result $3)"],
  [/(?<=\.const [^()]*)infinity\b/g, "inf"],
  [/\(ref null (func|extern)\)/g, "$1ref"],
  // The name of a segment of elements stood for its table.
  [/\(elem \$t (?=\((?:i32\.const|offset))/g, "(elem (table $$t) "],
  // Some lanes are given as those of i32x4, with as many as another shape has.
  [/v128\.const i32x4(?=(?:\s+[^\s()]+){8}\))/g, "v128.const i16x8"],
  [/v128\.const i32x4(?=(?:\s+[^\s()]+){16}\))/g, "v128.const i8x16"],
  // Traps without a reason.
  [/^\(assert_trap (\(invoke "[^"]*"(?: \([^()]*\))*\))\)$/, '(assert_trap $1 "")'],
  // Segments that do not fit were an error of linking; since WebAssembly 2.0 they trap.
  [/^\(assert_unlinkable(?=[^]*"(?:elements|data) segment does not fit"\s*\)$)/, "(assert_trap"],
  [/"elements segment does not fit"/, '"out of bounds table access"'],
  [/"data segment does not fit"/, '"out of bounds memory access"'],
  // Reasons in older words, and in those of binaryen's own interpreter.
  [/"indirect call signature mismatch"/, '"indirect call type mismatch"'],
  [/"callIndirect: function signatures don't match"/, '"indirect call type mismatch"'],
  [/"uninitialized table element"/, '"uninitialized element"'],
];

/** Was a command of its own: the kind of NaN is now a value, and has a type. */
const NAN_ASSERTION =
  /^\(assert_return_(canonical_nan|arithmetic_nan|nan)\s+(\(invoke "([^"]*)"[^]*\))\s*\)$/;

/** Strings and comments are one token each, so that their parentheses do not count. */
const TOKEN = /"(?:\\.|[^"\\])*"|;;.*|\(;[^]*?;\)|[()]/g;

/** @returns the text that `wast2json` takes, with each line where it was */
export function modernText(script: string, text: string): string {
  const unused = new Set([...LEFT_OUT_FORMS.keys()].filter((each) => each.startsWith(`${script}:`)));
  let modern = "";
  let next = 0;
  let line = 1;
  for (const [start, end] of formsOf(text)) {
    const between = text.slice(next, start);
    line += lineEndsIn(between);
    const form = text.slice(start, end);
    const isLeftOut = unused.delete(`${script}:${line}`);
    modern += between + (isLeftOut ? form.replace(/[^\n]/g, " ") : modernForm(form, modern));
    line += lineEndsIn(form);
    next = end;
  }
  if (unused.size > 0)
    throw new Error(`no form begins at ${[...unused].join(", ")}, which are listed as left out`);
  return modern + text.slice(next);
}

function lineEndsIn(text: string): number {
  return text.split("\n").length - 1;
}

/** Where the forms of a script begin and end. */
function* formsOf(text: string): Generator<readonly [start: number, end: number]> {
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === "(" && depth++ === 0) start = index;
    if (token === ")" && --depth === 0) yield [start, index + 1];
  }
}

function modernForm(form: string, before: string): string {
  const spelled = SPELLINGS.reduce((all, [pattern, replacement]) => all.replace(pattern, replacement), form);
  return spelled.replace(NAN_ASSERTION, (_, kind: string, invoke: string, field: string) => {
    const nan = kind === "canonical_nan" ? "canonical" : "arithmetic";
    return `(assert_return ${invoke} (${resultOf(field, before)}.const nan:${nan}))`;
  });
}

/** The type that the function returns which was exported last under a name. */
function resultOf(field: string, before: string): string {
  const at = before.lastIndexOf(`(export "${field}")`);
  const found = /\(result (f32|f64)\)/.exec(at < 0 ? "" : before.slice(at));
  if (found === null)
    throw new Error(`no function "${field}" with a result of f32 or f64 stands before its assertion`);
  return found[1]!;
}
