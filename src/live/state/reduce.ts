/**
 * How events change the state. Pure: the same state and event give the same state.
 *
 * Invariants: `selected` is a row that can be selected, or 0 where there is none; `top` lets it be seen.
 */
import type { InputEvent, KeyEvent } from "../keys/index.ts";
import { stepped } from "./history.ts";
import { panesOf, TOGGLES, toggleAt, type ToggleName } from "./panes.ts";
import { type ListRow, rowsOf } from "./rows.ts";
import { isSameQuery, type LiveEvent, type LiveState, queryOf } from "./state.ts";
import { edited, inserted, textField } from "./text-field.ts";

/** Two clicks on a row within this time are a double click. */
const DOUBLE_CLICK_MS = 400;

const CASE_MODES = ["smart", "sensitive", "ignore"] as const;

/** See the head of this file. */
export function reduce(state: LiveState, event: LiveEvent): LiveState {
  switch (event.kind) {
    case "input":
      return afterInput({ ...state, notice: undefined, isAwaited: false }, event.input, event.atMs);
    case "resized":
      return scrolled({ ...state, size: event.size });
    case "answered":
      return answered(state, event);
    case "counted":
      if (state.answer?.hits !== event.hits) return state;
      return { ...state, answer: { ...state.answer, total: event.total } };
    case "failed":
      return { ...state, error: event.message, isAwaited: false };
    case "noticed":
      return { ...state, notice: event.message };
    case "loading":
      return { ...state, progress: "loading" };
    case "loaded":
      return { ...state, progress: undefined, error: undefined, facts: event.facts };
    case "resumed":
      return { ...state, isSuspended: false };
  }
}

function afterInput(state: LiveState, input: InputEvent, atMs: number): LiveState {
  switch (input.kind) {
    case "text":
      return typed(state, input.text);
    case "paste":
      return pasted(state, input.text);
    case "wheel":
      return moved(state, input.lines);
    case "click":
      return clicked(state, input.row, input.column, atMs);
    case "key":
      return afterKey(state, input);
  }
}

/** The field that is typed into changes; the pattern's history begins anew. */
function withField(state: LiveState, field: LiveState["pattern"]): LiveState {
  if (state.focus === "globs") return { ...state, globs: field };
  const { history } = state;
  const isSame = field.text === state.pattern.text;
  const next = { ...state, pattern: field };
  return isSame ? next : emptied({ ...next, history: { ...history, at: history.entries.length, typed: "" } });
}

/** Without a pattern there is nothing to show. */
function emptied(state: LiveState): LiveState {
  if (state.pattern.text !== "") return state;
  return { ...state, answer: undefined, error: undefined, selected: 0, top: 0 };
}

function typed(state: LiveState, text: string): LiveState {
  return withField({ ...state, isHelp: false }, inserted(state[state.focus], text));
}

/** A pattern is one line: of several pasted ones, the first with something in it is taken. */
function pasted(state: LiveState, text: string): LiveState {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  // eslint-disable-next-line no-control-regex
  const first = (lines[0] ?? "").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
  const next = typed(state, first);
  if (lines.length < 2) return next;
  return { ...next, notice: `only the first of ${lines.length} pasted lines was taken` };
}

function afterKey(state: LiveState, key: KeyEvent): LiveState {
  const toggle = TOGGLES.find(
    ({ letter, key: number }) => (key.hasAlt && key.name === `letter-${letter}`) || key.name === `f${number}`,
  );
  if (toggle !== undefined) return toggled(state, toggle.name);
  const { listRows } = panesOf(state.size);
  switch (key.name) {
    case "enter":
      if (state.focus === "globs") return { ...state, focus: "pattern" };
      return chosen(state);
    case "escape":
      if (state.isHelp) return { ...state, isHelp: false };
      return state.focus === "globs" ? { ...state, focus: "pattern" } : { ...state, outcome: "left" };
    case "tab":
      return selectedAt(
        { ...state, view: state.view === "hits" ? "files" : "hits", top: 0 },
        sameFile(state),
      );
    case "f1":
      return { ...state, isHelp: !state.isHelp };
    case "up":
    case "down":
      return moved(state, key.name === "up" ? -1 : 1);
    case "page-up":
    case "page-down":
      return moved(state, (key.name === "page-up" ? -1 : 1) * Math.max(1, listRows - 1));
    default:
      return key.hasControl ? afterControl(state, key) : afterEdit(state, key);
  }
}

/** Takes the selected hit: of what was typed, not of what is still on the screen. */
function chosen(state: LiveState): LiveState {
  const query = queryOf(state);
  if (query !== undefined && state.error === undefined && !isSameQuery(state.answer?.query, query))
    return { ...state, isAwaited: true };
  return rowsOf(state).length === 0 ? state : { ...state, outcome: "chosen" };
}

function afterControl(state: LiveState, key: KeyEvent): LiveState {
  switch (key.name) {
    case "letter-c":
      return { ...state, outcome: "left" };
    case "letter-d":
      return state[state.focus].text === "" ? { ...state, outcome: "left" } : state;
    case "letter-z":
      return { ...state, isSuspended: true };
    case "letter-p":
    case "letter-n":
      return remembered(state, key.name === "letter-p" ? -1 : 1);
    default:
      return afterEdit(state, key);
  }
}

function afterEdit(state: LiveState, key: KeyEvent): LiveState {
  const field = edited(state[state.focus], key);
  return field === undefined ? state : withField(state, field);
}

function remembered(state: LiveState, step: -1 | 1): LiveState {
  const found = stepped(state.history, step, state.pattern.text);
  if (found === undefined) return { ...state, notice: step < 0 ? "no older pattern" : "no newer pattern" };
  return emptied({ ...state, focus: "pattern", pattern: textField(found.text), history: found.history });
}

function toggled(state: LiveState, name: ToggleName): LiveState {
  switch (name) {
    case "case": {
      const next = (CASE_MODES.indexOf(state.caseMode) + 1) % CASE_MODES.length;
      return { ...state, caseMode: CASE_MODES[next] ?? "smart" };
    }
    case "word":
      return { ...state, isWord: !state.isWord };
    case "regex":
      return { ...state, isRegex: !state.isRegex };
    case "hidden":
      return { ...state, isHidden: !state.isHidden };
    case "globs":
      return { ...state, focus: state.focus === "globs" ? "pattern" : "globs" };
  }
}

function clicked(state: LiveState, row: number, column: number, atMs: number): LiveState {
  const { listRow, listRows, toggleRow } = panesOf(state.size);
  if (row === 0) return { ...state, focus: "pattern" };
  if (row === toggleRow) {
    const toggle = toggleAt(state, column);
    return toggle === undefined ? state : toggled(state, toggle);
  }
  const index = state.top + row - listRow;
  const rows = rowsOf(state);
  if (state.isHelp || row < listRow || row >= listRow + listRows || index >= rows.length) return state;
  const next = selectedAt(state, index);
  const { lastClick } = state;
  const isDouble =
    lastClick !== undefined && lastClick.row === index && atMs - lastClick.atMs < DOUBLE_CLICK_MS;
  return { ...next, lastClick: { row: index, atMs }, ...(isDouble ? { outcome: "chosen" as const } : {}) };
}

/** New hits. Of the same question, the selection stays at its line; of another one, the list begins anew. */
function answered(state: LiveState, event: Extract<LiveEvent, { kind: "answered" }>): LiveState {
  const next = withAnswer(state, event);
  return state.isAwaited ? chosen({ ...next, isAwaited: false }) : next;
}

function withAnswer(state: LiveState, { query, hits }: Extract<LiveEvent, { kind: "answered" }>): LiveState {
  const before = state.answer;
  const total = hits.isTruncated ? undefined : hits.count;
  const next = { ...state, answer: { query, hits, total }, error: undefined };
  const line = rowsOf(state)[state.selected]?.line;
  if (before === undefined || line === undefined || !isSameQuery(before.query, query))
    return selectedAt({ ...next, top: 0 }, 0);
  const path = before.hits.path(line);
  const isSame = (row: ListRow): boolean =>
    row.kind !== "file-name" && row.line.line === line.line && hits.path(row.line) === path;
  const index = rowsOf(next).findIndex(isSame);
  return selectedAt(next, index < 0 ? state.selected : index);
}

/** The row of the other view that is about the file of the selected row. */
function sameFile(state: LiveState): number {
  const line = rowsOf(state)[state.selected]?.line;
  const other = rowsOf({ answer: state.answer, view: state.view === "hits" ? "files" : "hits" });
  return Math.max(
    0,
    other.findIndex((row) => row.kind !== "file-name" && row.line.file === line?.file),
  );
}

function moved(state: LiveState, step: number): LiveState {
  const rows = rowsOf(state);
  const wanted = Math.min(Math.max(0, state.selected + step), rows.length - 1);
  return selectedAt(state, wanted, step < 0 ? -1 : 1);
}

/** Selects a row, or the next one that can be selected. */
function selectedAt(state: LiveState, index: number, direction: -1 | 1 = 1): LiveState {
  const rows = rowsOf(state);
  let selected = Math.min(Math.max(0, index), Math.max(0, rows.length - 1));
  if (rows[selected]?.kind === "file-name") {
    selected += direction;
    if (selected < 0) selected = 1;
  }
  return scrolled({ ...state, selected });
}

/** Moves the list so that the selected row is on the screen, with its file's name where that is the row above. */
function scrolled(state: LiveState): LiveState {
  const rows = rowsOf(state);
  const listRows = Math.max(1, panesOf(state.size).listRows);
  const { selected } = state;
  const first = rows[selected - 1]?.kind === "file-name" && listRows > 1 ? selected - 1 : selected;
  let { top } = state;
  if (first < top) top = first;
  if (selected >= top + listRows) top = selected - listRows + 1;
  return { ...state, top: Math.max(0, Math.min(top, Math.max(0, rows.length - listRows))) };
}
