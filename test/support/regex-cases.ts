/** Random patterns and texts, for tests of all that matches. */
import fc from "fast-check";

/** Characters and words that patterns and texts are made of. */
export const piece = fc.constantFrom(
  "a",
  "b",
  "foo",
  "k",
  "K",
  "s",
  "é",
  "É",
  "_",
  "1",
  " ",
  "日",
  "ß",
  "\u212a",
  "\u017f",
  "x",
);
/** Lines of pieces and of bytes that are no valid UTF-8, with a final line feed or without. */
export const text = fc
  .array(
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: piece.map((p) => Buffer.from(p)) },
        {
          weight: 1,
          arbitrary: fc
            .constantFrom([0x80], [0xff], [0xc3], [0xe2, 0x84], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [13], [0])
            .map((b) => Buffer.from(b)),
        },
      ),
      { maxLength: 8 },
    ),
    { maxLength: 6 },
  )
  .chain((lines) =>
    fc.boolean().map((final) => {
      const rows = lines.map((line) => Buffer.concat(line));
      return Buffer.concat(
        rows.flatMap((row, i) => (i < rows.length - 1 || final ? [row, Buffer.from("\n")] : [row])),
      );
    }),
  );

const atom = fc.constantFrom(
  "a",
  "b",
  "foo",
  "k",
  "s",
  "é",
  "_",
  "1",
  ".",
  "日",
  "[ab]",
  "[^a]",
  "[a-k]",
  String.raw`\w`,
  String.raw`\W`,
  String.raw`\s`,
  String.raw`\S`,
  String.raw`\d`,
  String.raw`\pL`,
  "^",
  "$",
  String.raw`\b`,
  String.raw`\B`,
  "(?i:k)",
  "(?i:s)",
  String.raw`\A`,
  String.raw`\z`,
  "[^\\w]",
  "x*",
  String.raw`\b{start}`,
  String.raw`\x{e9}`,
  String.raw`[\w-]`,
  String.raw`[a\n]`,
  String.raw`[^\s]`,
  String.raw`[\d\D]`,
  String.raw`[\w&&\pL]`,
  "",
  "ß",
);
/** Patterns in ripgrep's dialect. */
export const { regex } = fc.letrec<{ regex: string }>((tie) => ({
  regex: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    atom,
    fc.tuple(tie("regex"), tie("regex")).map(([a, b]) => a + b),
    fc.tuple(tie("regex"), tie("regex")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("regex"), fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??", "{2,}"))
      .map(([a, b]) => `(?:${a})${b}`),
    tie("regex").map((a) => `(${a})`),
  ),
}));
