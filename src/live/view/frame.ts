/**
 * The whole screen as lines.
 *
 *     > pattern
 *     case:smart  [ ]word  [x]regex  [ ]hidden  globs: *.ts                 F1 keys
 *     src/search/query.ts
 *       12: a line with a hit
 *     ─ src/search/query.ts:12 ─────────────────────────────────────────────────────
 *       11  the lines around it
 *     1,234 hits in 56 files · engine 41 µs · key to frame 3.1 ms · 8,163 files, 8 threads
 */
import {
  type LiveState,
  type Panes,
  panesOf,
  rowsOf,
  selectedLine,
  smallestSize,
  TOGGLES,
  toggleText,
} from "../state/index.ts";
import { firstColumns, LineBuilder, shownText, type StyledLine, widthOf } from "../text/index.ts";
import { addExcerpt } from "./excerpt.ts";
import { helpLines } from "./help.ts";
import { statusLine, type Timing } from "./status.ts";

export type { Timing };

/** What is on the screen: a line for each row, and the cursor. */
export interface Frame {
  readonly lines: readonly StyledLine[];
  /** Undefined where none is shown. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
}

const PROMPT = "> ";
const KEYS_HINT = "F1 keys";

/** Draws a state. */
export function frameOf(state: LiveState, timing: Timing): Frame {
  const { size } = state;
  if (size.columns < smallestSize.columns || size.rows < smallestSize.rows) return tooSmall(state);
  const panes = panesOf(size);
  const prompt = field(state.pattern, PROMPT, size.columns);
  const toggles = toggleLine(state, size.columns);
  const lines: StyledLine[] = [prompt.line];
  if (panes.toggleRow !== undefined) lines.push(toggles.line);
  lines.push(...(state.isHelp ? helpLines(panes.listRows, size.columns) : listLines(state, panes)));
  if (panes.previewRows > 0) lines.push(...previewLines(state, panes));
  lines.push(statusLine(state, timing));
  const isGlobs = state.focus === "globs" && panes.toggleRow !== undefined;
  const cursor = isGlobs ? { row: 1, column: toggles.cursor } : { row: 0, column: prompt.cursor };
  return { lines, cursor };
}

function tooSmall({ size: { columns, rows } }: LiveState): Frame {
  const text = `too small: ${columns}×${rows}, at least ${smallestSize.columns}×${smallestSize.rows}`;
  const lines: StyledLine[] = [];
  for (let row = 0, at = 0; row < rows; row++) {
    lines.push(new LineBuilder(columns).add(text.slice(at, at + columns)).build());
    at += columns;
  }
  return { lines, cursor: undefined };
}

/** A field behind its label, moved so that the cursor can be seen. */
function field(
  { text, cursor }: LiveState["pattern"],
  label: string,
  columns: number,
): { line: StyledLine; cursor: number } {
  const room = columns - label.length - 1;
  let before = shownText(text.slice(0, cursor), label.length);
  // Drops half a screen at a time, so that the text does not move at every key.
  while (widthOf(before) > room) {
    const { text: dropped } = firstColumns(before, Math.max(1, room >> 1));
    before = before.slice(Math.max(1, dropped.length));
  }
  const behind = shownText(text.slice(cursor), label.length + widthOf(before));
  const line = new LineBuilder(columns).add(label, "title").add(before).add(behind).build();
  return { line, cursor: label.length + widthOf(before) };
}

function toggleLine(state: LiveState, columns: number): { line: StyledLine; cursor: number } {
  const line = new LineBuilder(columns);
  for (const { name } of TOGGLES) {
    const { text, isOn } = toggleText(name, state);
    line.add(text, isOn ? "on" : "faint");
    if (name !== "globs") line.add("  ");
  }
  const isEdited = state.focus === "globs";
  const hintWidth = KEYS_HINT.length + 1;
  const left = line.left - (isEdited ? 0 : hintWidth);
  let cursor = line.width;
  if (left > 4) {
    const globs = field(state.globs, " ", left);
    cursor += globs.cursor;
    for (const { text, style } of globs.line) line.add(text, style === "title" ? "plain" : style);
  }
  if (!isEdited && line.left >= hintWidth) line.padTo(columns - KEYS_HINT.length).add(KEYS_HINT, "faint");
  return { line: line.build(), cursor: Math.min(cursor, columns - 1) };
}

function listLines(state: LiveState, { listRows }: Panes): StyledLine[] {
  const { answer, top, selected, size } = state;
  if (answer === undefined) return welcome(state, listRows);
  const rows = rowsOf(state);
  const { hits } = answer;
  const digits = numberWidth(state, listRows);
  return Array.from({ length: listRows }, (_, at) => {
    const row = rows[top + at];
    const line = new LineBuilder(size.columns);
    if (row === undefined) return line.build();
    const isSelected = top + at === selected;
    // The mark tells where there are no colours.
    const mark = isSelected ? "▌" : " ";
    const base = isSelected ? "selected" : "plain";
    if (row.kind === "file-name") return line.add(hits.path(row.line), "path").build();
    if (row.kind === "file")
      return line
        .add(mark, isSelected ? "title" : "plain")
        .add(`${String(row.hitCount).padStart(digits)} `, isSelected ? base : "number")
        .add(hits.path(row.line), isSelected ? base : "path")
        .padTo(size.columns, base)
        .build();
    line
      .add(mark, isSelected ? "title" : "plain")
      .add(`${String(row.line.line).padStart(digits)}: `, isSelected ? base : "number");
    addExcerpt(line, hits.excerpt(row.line), { base, isTrimmed: true });
    return line.padTo(size.columns, base).build();
  });
}

/** Columns of the largest number that is on the screen. */
function numberWidth(state: LiveState, listRows: number): number {
  const shown = rowsOf(state).slice(state.top, state.top + listRows);
  return shown.reduce((width, row) => {
    const number = row.kind === "file" ? row.hitCount : row.line.line;
    return row.kind === "file-name" ? width : Math.max(width, String(number).length);
  }, 4);
}

function welcome({ progress, size }: LiveState, listRows: number): StyledLine[] {
  const text = progress === undefined ? "type to search" : "loading; type already";
  const lines = [new LineBuilder(size.columns).add(`  ${text}`, "faint").build()];
  return Array.from({ length: listRows }, (_, row) => lines[row] ?? []);
}

function previewLines(state: LiveState, { previewRows }: Panes): StyledLine[] {
  const { columns } = state.size;
  const line = selectedLine(state);
  const { answer } = state;
  const title = new LineBuilder(columns);
  if (line === undefined || answer === undefined) {
    title.add("─".repeat(columns), "faint");
    return [title.build(), ...Array.from({ length: previewRows }, () => [])];
  }
  title.add("─ ", "faint").add(`${answer.hits.path(line)}:${line.line}`, "path");
  if (title.left > 1) title.add(` ${"─".repeat(title.left - 1)}`, "faint");
  const before = previewRows >> 1;
  const excerpts = answer.hits.around(line, before, previewRows - 1);
  const shown = excerpts.slice(0, previewRows);
  const digits = Math.max(5, String(shown.at(-1)?.line ?? 0).length);
  const body = shown.map((excerpt) => {
    const isHit = excerpt.line === line.line;
    const row = new LineBuilder(columns)
      .add(isHit ? "▌" : " ", "title")
      .add(`${String(excerpt.line).padStart(digits)}  `, "number");
    addExcerpt(row, excerpt, { base: "plain", isTrimmed: false });
    return row.build();
  });
  const rest = previewRows - body.length;
  if (body.length === 0)
    body.push(new LineBuilder(columns).add("  the file has changed on disk", "faint").build());
  return [title.build(), ...body, ...Array.from({ length: Math.max(0, rest) }, () => [])].slice(
    0,
    previewRows + 1,
  );
}
