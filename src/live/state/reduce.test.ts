import fc from "fast-check";
import { expect, it } from "vitest";
import { liveHits } from "../../../test/support/live-hits.ts";
import { type InputEvent, KeyDecoder } from "../keys/index.ts";
import { panesOf } from "./panes.ts";
import { reduce } from "./reduce.ts";
import { rowsOf, selectedLine } from "./rows.ts";
import { initialState, type LiveState, queryOf, treeOf } from "./state.ts";

const size = { columns: 80, rows: 24 };
const begun = (history: string[] = []): LiveState => initialState({ size, history });

/** The state after keys, as a terminal sends them. */
function after(state: LiveState, bytes: string, atMs = 0): LiveState {
  const decoder = new KeyDecoder();
  const inputs: InputEvent[] = [...decoder.push(Buffer.from(bytes)), ...decoder.flush()];
  return inputs.reduce((now, input) => reduce(now, { kind: "input", input, atMs }), state);
}

const found = [
  {
    path: "a",
    line: 1,
    text: "xx",
    matches: [
      [0, 1],
      [1, 2],
    ],
  },
  { path: "a", line: 7, text: "x", matches: [[0, 1]] },
  { path: "b", line: 3, text: "x", matches: [[0, 1]] },
] as const;

function answered(state: LiveState, given: Parameters<typeof liveHits>[0] = found): LiveState {
  const query = queryOf(state);
  if (query === undefined) throw new Error("nothing was typed");
  return reduce(state, { kind: "answered", query, hits: liveHits(given) });
}

it("edits the pattern as shells do", () => {
  expect(after(begun(), "ab\x1b[Dc").pattern).toEqual({ text: "acb", cursor: 2 });
  expect(after(begun(), "one two\x17").pattern.text).toBe("one ");
  expect(after(begun(), "one two\x01\x0b").pattern.text).toBe("");
  expect(after(begun(), "one two\x15").pattern.text).toBe("");
  expect(after(begun(), "ab\x1b[H\x1b[3~").pattern).toEqual({ text: "b", cursor: 0 });
  expect(after(begun(), "e\u0301漢\x7f\x7f").pattern.text).toBe("");
});

it("asks what is typed and switched", () => {
  expect(queryOf(begun())).toBeUndefined();
  const query = { pattern: "x", caseMode: "smart", isWord: false, isRegex: true };
  expect(queryOf(after(begun(), "x"))).toEqual(query);
  expect(queryOf(after(begun(), "x\x1bc"))).toEqual({ ...query, caseMode: "sensitive" });
  expect(queryOf(after(begun(), "x\x1bc\x1bc"))).toEqual({ ...query, caseMode: "ignore" });
  expect(queryOf(after(begun(), "x\x1bc\x1bc\x1bc"))).toEqual(query);
  expect(queryOf(after(begun(), "x\x1bw\x1br"))).toEqual({ ...query, isWord: true, isRegex: false });
  expect(treeOf(after(begun(), "x\x1bh\x1bg*.ts  !b\r"))).toEqual({ isHidden: true, globs: ["*.ts", "!b"] });
  expect(after(begun(), "\x1bg*.ts\ry").pattern.text).toBe("y");
});

it("takes the first line of what is pasted, without control characters, and says so", () => {
  const pasted = after(begun(), "\x1b[200~\n one\x1b[31m\r\ntwo\n\x1b[201~");
  expect(pasted.pattern.text).toBe(" one[31m");
  expect(pasted.notice).toBe("only the first of 2 pasted lines was taken");
  expect(pasted.outcome).toBeUndefined();
  expect(after(begun(), "\x1b[200~one\n\x1b[201~").notice).toBeUndefined();
});

it("moves from line to line, over the names of files", () => {
  const state = answered(after(begun(), "x"));
  expect(selectedLine(state)).toMatchObject({ file: 0, line: 1 });
  expect(selectedLine(after(state, "\x1b[B"))).toMatchObject({ file: 0, line: 7 });
  expect(selectedLine(after(state, "\x1b[B\x1b[B"))).toMatchObject({ file: 1, line: 3 });
  expect(selectedLine(after(state, "\x1b[B\x1b[B\x1b[B"))).toMatchObject({ file: 1, line: 3 });
  expect(selectedLine(after(state, "\x1b[B\x1b[B\x1b[A"))).toMatchObject({ file: 0, line: 7 });
  expect(selectedLine(after(state, "\x1b[A"))).toMatchObject({ file: 0, line: 1 });
});

it("switches between hits and files, and stays at the file", () => {
  const state = after(answered(after(begun(), "x")), "\x1b[B\x1b[B\t");
  expect(state.view).toBe("files");
  expect(rowsOf(state).map((row) => row.kind === "file" && row.hitCount)).toEqual([3, 1]);
  expect(selectedLine(state)).toMatchObject({ file: 1 });
  expect(selectedLine(after(state, "\t"))).toMatchObject({ file: 1, line: 3 });
});

it("chooses with Enter or a double click, and leaves with Escape, Ctrl-C and Ctrl-D", () => {
  const state = answered(after(begun(), "x"));
  expect(after(state, "\r").outcome).toBe("chosen");
  // Before the answer is there, Enter waits for it; another key takes that back.
  const early = after(begun(), "x\r");
  expect(early.outcome).toBeUndefined();
  expect(answered(early).outcome).toBe("chosen");
  expect(answered(early, []).outcome).toBeUndefined();
  expect(answered(after(early, "\x1b[B")).outcome).toBeUndefined();
  // What is on the screen is the answer to something else.
  expect(after(state, "y\r").outcome).toBeUndefined();
  // Row 2 of the list is line 7 of a; the list begins in the third row of the screen.
  const click = "\x1b[<0;5;5M";
  expect(selectedLine(after(state, click))).toMatchObject({ line: 7 });
  expect(after(after(state, click, 0), click, 399).outcome).toBe("chosen");
  expect(after(after(state, click, 0), click, 401).outcome).toBeUndefined();
  expect(after(state, "\x1b").outcome).toBe("left");
  expect(after(state, "\x03").outcome).toBe("left");
  expect(after(begun(), "\x04").outcome).toBe("left");
  expect(after(state, "\x04").outcome).toBeUndefined();
});

it("switches a toggle that is clicked, and types into the field that is clicked", () => {
  // case:smart takes 10 columns, two are free, [ ]word takes 7.
  expect(after(begun(), "\x1b[<0;13;2M").isWord).toBe(true);
  expect(after(begun(), "\x1b[<0;1;2M").caseMode).toBe("sensitive");
  expect(after(begun(), "\x1b[<0;60;2M").focus).toBe("globs");
  expect(after(begun(), "\x1b[<0;60;2M\x1b[<0;4;1M").focus).toBe("pattern");
});

it("keeps the hits while the pattern is wrong, and shows none without a pattern", () => {
  const state = reduce(answered(after(begun(), "x")), { kind: "failed", message: "unclosed group" });
  expect(state.error).toBe("unclosed group");
  expect(rowsOf(state)).toHaveLength(5);
  expect(answered(state).error).toBeUndefined();
  const empty = after(state, "\x7f");
  expect([empty.answer, empty.error]).toEqual([undefined, undefined]);
});

it("stays at its line when the same question has another answer", () => {
  const state = after(answered(after(begun(), "x")), "\x1b[B\x1b[B");
  const more = [{ path: "0", line: 2, text: "x", matches: [[0, 1]] } as const, ...found];
  expect(selectedLine(answered(state, more))).toMatchObject({ line: 3 });
  // Another question begins at the top.
  expect(selectedLine(answered(after(state, "x"), more))).toMatchObject({ line: 2 });
});

it("remembers older patterns", () => {
  const state = after(begun(["old", "new"]), "typed");
  expect(after(state, "\x10").pattern.text).toBe("new");
  expect(after(state, "\x10\x10").pattern.text).toBe("old");
  expect(after(state, "\x10\x10\x10")).toMatchObject({
    pattern: { text: "old" },
    notice: "no older pattern",
  });
  expect(after(state, "\x10\x10\x0e\x0e").pattern.text).toBe("typed");
  expect(after(state, "\x10!\x10").pattern.text).toBe("new");
});

it("keeps its invariants whatever comes", () => {
  const keys = [
    "x",
    "\x7f",
    "\x1b[A",
    "\x1b[B",
    "\x1b[5~",
    "\x1b[6~",
    "\t",
    "\x1bg",
    "\x1bh",
    "\x1bOP",
    "\x15",
  ];
  const event = fc.oneof(
    fc.constantFrom(...keys).map((bytes) => (state: LiveState) => after(state, bytes)),
    fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 90 })).map(
      ([row, column]) =>
        (state: LiveState) =>
          after(state, `\x1b[<0;${column};${row}M`),
    ),
    fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 50 })).map(
      ([columns, rows]) =>
        (state: LiveState) =>
          reduce(state, { kind: "resized", size: { columns, rows } }),
    ),
    fc.array(fc.constantFrom(...found), { maxLength: 80 }).map((lines) => (state: LiveState) => {
      const sorted = lines.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      return queryOf(state) === undefined ? state : answered(state, sorted);
    }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let state = begun();
      for (const happens of events) {
        state = happens(state);
        const rows = rowsOf(state);
        expect(rows[state.selected]?.kind).not.toBe("file-name");
        expect(rows.length === 0 ? state.selected : rows[state.selected]).not.toBe(undefined);
        const { listRows } = panesOf(state.size);
        expect(state.selected - state.top).toBeGreaterThanOrEqual(0);
        expect(state.selected - state.top).toBeLessThan(Math.max(1, listRows));
      }
    }),
  );
});
