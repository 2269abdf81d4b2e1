import { expect, it } from "vitest";
import { editorArguments, editorOf, openInEditor, type Place } from "./editor.ts";

const place: Place = { path: Buffer.from("src/a b.ts"), line: 12, column: 7, character: 5 };

// As the manuals of the editors have it.
it.each([
  ["vim", ["+call cursor(12,7)", "src/a b.ts"]],
  ["/usr/bin/nvim -p", ["+call cursor(12,7)", "src/a b.ts"]],
  ["vi", ["+12", "src/a b.ts"]],
  ["nano", ["+12,5", "src/a b.ts"]],
  ["emacs -nw", ["+12:5", "src/a b.ts"]],
  ["emacsclient -t", ["+12:5", "src/a b.ts"]],
  ["code --wait", ["--goto", "src/a b.ts:12:5"]],
  ["hx", ["src/a b.ts:12:5"]],
  ["unknown", ["+12", "src/a b.ts"]],
])("%s", (command, words) => {
  expect(editorArguments(command, place)).toEqual(words);
});

it("does not let a file look like an option", () => {
  expect(editorArguments("vi", { ...place, path: Buffer.from("-rf") })).toEqual(["+12", "./-rf"]);
  expect(editorArguments("vi", { ...place, path: Buffer.from("+x") })).toEqual(["+12", "./+x"]);
});

it("takes VISUAL before EDITOR, and refuses where neither is set", () => {
  expect(editorOf({ VISUAL: "a", EDITOR: "b" })).toBe("a");
  expect(editorOf({ VISUAL: " ", EDITOR: "b -w" })).toBe("b -w");
  expect(() => editorOf({ EDITOR: "" })).toThrow(
    expect.objectContaining({ code: "EW_BAD_ARGUMENT" }) as Error,
  );
});

it("gives the editor's exit code, and refuses names that are not UTF-8", () => {
  expect(openInEditor("true", place)).toBe(0);
  expect(openInEditor("sh -c 'exit 3'", place)).toBe(3);
  // The shell finds no such program.
  expect(openInEditor("/nonexistent/editor", place)).toBe(127);
  const path = Buffer.from([0x61, 0xff]);
  expect(() => openInEditor("true", { ...place, path })).toThrow(
    expect.objectContaining({ code: "EW_BAD_ARGUMENT" }) as Error,
  );
});
