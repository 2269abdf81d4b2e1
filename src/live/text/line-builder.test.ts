import fc from "fast-check";
import stringWidth from "string-width";
import { expect, it } from "vitest";
import { LineBuilder } from "./line-builder.ts";
import { shownText } from "./shown-text.ts";
import { firstColumns, lastColumns, widthOf } from "./width.ts";

const textOf = (line: ReturnType<LineBuilder["build"]>): string => line.map(({ text }) => text).join("");
const shown = (text: string, column = 0): string => shownText(text, column);

it("shows controls in caret notation, and what nobody sees by its number", () => {
  expect(shown("a\x1b[31mb\x07\x00\x7f")).toBe("a^[[31mb^G^@^?");
  expect(shown("\x9b1m\u202eabc\u200b\u2028")).toBe("<009B>1m<202E>abc<200B><2028>");
  expect(shown("é漢\u{1f600}")).toBe("é漢\u{1f600}");
});

it("expands tabs to every fourth column", () => {
  expect(shown("\ta\tbcd\te")).toBe("    a   bcd e");
  expect(shown("\ta", 3)).toBe(" a");
  expect(shown("漢\tb")).toBe("漢  b");
});

it("measures as the Unicode standard has it", () => {
  // East Asian Width: W is two columns. A combining mark is none. A family of three is one emoji.
  expect(widthOf("漢字")).toBe(4);
  expect(widthOf("e\u0301")).toBe(1);
  expect(widthOf("\u{1f469}\u200d\u{1f469}\u200d\u{1f466}")).toBe(2);
  expect(firstColumns("漢字", 3)).toEqual({ text: "漢", width: 2 });
  expect(firstColumns("e\u0301e", 1)).toEqual({ text: "e\u0301", width: 1 });
});

it("marks where a line is cut", () => {
  expect(textOf(new LineBuilder(5).add("abcdef").build())).toBe("abcd…");
  expect(textOf(new LineBuilder(5).add("abcde").build())).toBe("abcde");
  expect(textOf(new LineBuilder(5).add("abcde").add("f").build())).toBe("abcd…");
  expect(textOf(new LineBuilder(4).add("a漢字").build())).toBe("a漢…");
  expect(textOf(new LineBuilder(4).add("漢字").add("x").build())).toBe("漢…");
  expect(textOf(new LineBuilder(3).add("a").padTo(9).build())).toBe("a  ");
});

it("is never wider than the screen, and never gives the terminal an order", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(fc.array(text), fc.integer({ min: 0, max: 30 }), (texts, columns) => {
      const line = new LineBuilder(columns);
      for (const each of texts) line.add(each);
      const whole = textOf(line.build());
      expect(whole).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      const widths = line.build().map((piece) => stringWidth(piece.text));
      expect(widths.reduce((sum, width) => sum + width, 0)).toBeLessThanOrEqual(columns);
    }),
  );
});

it("keeps the end of a text by whole characters", () => {
  expect(lastColumns("abcdef", 3)).toBe("def");
  expect(lastColumns("ab漢字", 3)).toBe("字");
  expect(lastColumns("ab漢字", 5)).toBe("b漢字");
  expect(lastColumns("xe\u0301", 1)).toBe("e\u0301");
  expect(lastColumns("abc", 0)).toBe("");
});
