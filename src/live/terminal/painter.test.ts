import fc from "fast-check";
import { expect, it } from "vitest";
import type { StyledLine } from "../text/index.ts";
import { Painter } from "./painter.ts";
import { paletteOf } from "./palette.ts";

const line = (text: string): StyledLine => [{ text, style: "plain" }];
const drawing = (...texts: string[]): Parameters<Painter["paint"]>[0] => ({
  lines: texts.map(line),
  cursor: { row: 0, column: 2 },
});

/** What is on a screen after it was given these bytes: rows of text, by the rules of ECMA-48. */
function screenOf(written: string, before: readonly string[]): string[] {
  const rows = [...before];
  let row = 0;
  // Every piece but the first begins with the parameters and the letter of an order.
  for (const piece of written.split("\x1b[").slice(1)) {
    const [order = "", parameters = "", letter] = /^([?0-9;]*)([A-Za-z])/.exec(piece) ?? [];
    const text = piece.slice(order.length);
    if (order === "2J") rows.fill("");
    if (letter === "H") row = Number(parameters.split(";")[0]) - 1;
    if (letter === "K") rows[row] = "";
    rows[row] += text;
  }
  return rows;
}

it("writes only lines that have changed, in one piece of synchronized output", () => {
  const painter = new Painter(paletteOf({}));
  expect(screenOf(painter.paint(drawing("one", "two", "three")), ["", "", ""])).toEqual([
    "one",
    "two",
    "three",
  ]);
  const written = painter.paint(drawing("one", "2", "three"));
  expect(written.startsWith("\x1b[?2026h") && written.endsWith("\x1b[?2026l")).toBe(true);
  expect(written).not.toContain("one");
  expect(written).not.toContain("three");
  expect(screenOf(written, ["one", "two", "three"])).toEqual(["one", "2", "three"]);
  expect(painter.paint(drawing("one", "2", "three"))).toBe("");
  painter.forget();
  expect(screenOf(painter.paint(drawing("one", "2", "three")), ["?", "?", "?"])).toEqual([
    "one",
    "2",
    "three",
  ]);
});

it("leaves the screen as it was drawn last, whatever was drawn before", () => {
  const text = fc.constantFrom("", "a", "bb", "ccc");
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, text)), (frames) => {
      const painter = new Painter(paletteOf({}));
      let screen = ["", "", ""];
      for (const frame of frames) {
        screen = screenOf(painter.paint(drawing(...frame)), screen);
        expect(screen).toEqual(frame);
      }
    }),
  );
});

it("has no colours where NO_COLOR is set and not empty", () => {
  const colours = (env: Record<string, string>): boolean =>
    Object.values(paletteOf(env)).some((code) => /(^|;)3[0-7]/.test(code));
  expect([colours({}), colours({ NO_COLOR: "" }), colours({ NO_COLOR: "0" })]).toEqual([true, true, false]);
});
