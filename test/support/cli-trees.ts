/** Trees with everything that is hard about text files. */
import { Dir } from "./cli.ts";

function utf16(text: string, littleEndian: boolean): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return littleEndian ? bytes : bytes.swap16();
}

/** Text of `count` lines, of which every `step`th has `word`. */
export function manyLines(count: number, step: number, word: string): string {
  return Array.from({ length: count }, (_, i) =>
    i % step === 0 ? `line ${i} has ${word} in it` : `line ${i} has nothing`,
  ).join("\n");
}

/**
 * Lines that do not fit ripgrep's buffer, and NUL bytes behind them. How far such a buffer has grown depends on the files that a
 * thread saw before, so this tree is only for searches in one thread.
 */
export function longLines(): Dir {
  return new Dir("long")
    .file("a-before.bin", `foo first\n${"a filler of some length\n".repeat(9000)}foo mid\n\0\nfoo last\n`)
    .file("b-long.txt", `foo start\n${"~".repeat(200_000)}foo\nafter\nfoo end\n`)
    .file("c-after.bin", `foo first\n${"a filler of some length\n".repeat(9000)}foo mid\n\0\nfoo last\n`)
    .file("d-far.bin", `foo first\n${"a filler of some length\n".repeat(40_000)}foo mid\n\0\nfoo last\n`)
    .file("e-one-line.txt", `${"~".repeat(70_000)}foo${"~".repeat(70_000)}`);
}

/** Hand-made corner cases. Words to look for: foo, bar, Foo, TODO, ünï, x*. */
export function cornerCases(): Dir {
  return new Dir("corners")
    .file("plain.txt", "foo\nbar\nfoo bar\nFOO\nbaz\nqux\nfoobar\n  foo indented\n\tfoo tabbed\nend\n")
    .file("no-final-newline.txt", "bar\nfoo\nlast foo")
    .file("single-line", "foo")
    .file("crlf.txt", "foo\r\nbar\r\nfoo bar\r\nx foo\r\n")
    .file("mixed-endings.txt", "foo\r\nbar\nfoo\r\r\nbar foo\r")
    .file("empty", "")
    .file("newline-only", "\n")
    .file("newlines", "\n\n\nfoo\n\n\n")
    .file("utf8-bom.txt", "\ufefffoo at start\nbar\nfoo\n")
    .file("utf16le.txt", utf16("foo\nbar ünï foo\nFOO\n", true))
    .file("utf16be.txt", utf16("foo\r\nbar ünï foo\nlast foo", false))
    .file("utf16-two-marks.txt", utf16("\ufefffoo\nbar\n", true))
    .file("utf8-two-marks.txt", "\ufeff\ufefffoo\nfoo\n")
    .file("utf16-odd.txt", Buffer.concat([utf16("foo\nbar\n", true), Buffer.from([0x41])]))
    .file("unicode.txt", "ünï foo\nÜNÏ FOO\nstraße\nK kelvin ſ long\nfoo 日本語 foo\n🦀 foo 🦀\n")
    .file("invalid-utf8.txt", Buffer.from("foo \xff\xfe bar\nok foo\n\x80\x81\nfoo\xc3\nend", "latin1"))
    .file("nul-early.bin", Buffer.from("foo\0bar\nfoo\nbar\nfoo again\n", "latin1"))
    .file("nul-first-line.bin", Buffer.from("\0\nfoo\nbar\n", "latin1"))
    .file("nul-middle.bin", `bar\n${"filler line\n".repeat(100)}foo one\nx\0y\nfoo two\nbar\n`)
    .file("nul-late.bin", `foo first\n${manyLines(6000, 500, "foo")}\nfoo\0nul\nfoo last\n`)
    .file(
      "nul-very-late.bin",
      `foo first\n${"a filler of some length\n".repeat(9000)}foo mid\n\0\nfoo last\n`,
    )
    .file("many.txt", manyLines(400, 37, "foo"))
    .file("dense.txt", "foo\n".repeat(50))
    .file("long-line.txt", `${"x".repeat(5000)} foo ${"y".repeat(5000)}\nshort foo\n${"foo ".repeat(500)}\n`)
    .file("context.txt", "a\nb\nfoo 1\nc\nd\ne\nf\nfoo 2\nfoo 3\ng\nh\ni\nj\nk\nl\nfoo 4\n")
    .file("repeat.txt", "foofoofoo\nfoo foo\nbarfoo\n\nxxfooxxfooxx\n")
    .file("words.txt", "foo_bar foo\nfoo-bar\n(foo)\nafoob\nfoo\nTODO: foo\nTodo\ntodo\n")
    .file("special.txt", "a.b\n[x]\n$foo^\nx*y\n(paren\n\\back\n-dash\n--double\n")
    .file("sub/one.rs", "fn main() { // foo\n  bar();\n}\n")
    .file("sub/two.py", "def foo():\n    return 'bar'\n")
    .file("sub/deep/three.c", "int foo(void) { return 0; }\n/* TODO foo */\n")
    .file("sub/deep/er/four.md", "# foo\n\nbar\n")
    .file(".hidden-file", "foo hidden\n")
    .file(".hidden/inside.txt", "foo inside hidden\n")
    .file("sub/.gitignore", "ignored.txt\n*.log\n")
    .file("sub/ignored.txt", "foo ignored by git\n")
    .file("sub/x.log", "foo log\n")
    .file(".ignore", "skipped/\n*.skip\n!keep.skip\n")
    .file("skipped/a.txt", "foo skipped\n")
    .file("a.skip", "foo skip\n")
    .file("keep.skip", "foo kept\n")
    .file(".rgignore", "rg-only.txt\n")
    .file("rg-only.txt", "foo rg only\n")
    .file(".git/HEAD", "ref: refs/heads/main\n")
    .file(".git/info/exclude", "excluded.txt\n")
    .file("excluded.txt", "foo excluded\n")
    .file(".gitignore", "build/\n/top-only.txt\n")
    .file("build/out.txt", "foo built\n")
    .file("top-only.txt", "foo top\n")
    .file("sub/top-only.txt", "foo not top\n")
    .file("extra-ignore", "plain.txt\nsub/deep\n")
    .file("patterns.txt", "foo\nbar\n")
    .file("patterns-crlf.txt", "TODO\r\nbaz\r\n")
    .file("patterns-empty.txt", "")
    .file(Buffer.from("name-\xff\xfe.txt", "latin1"), "foo in a file whose name is not UTF-8\n")
    .file("näme.txt", "foo in a file with an umlaut\n")
    .file("with space.txt", "foo in a file with a space\n")
    .file("with:colon.txt", "foo in a file with a colon\n")
    .link("link-to-file", "plain.txt")
    .link("link-to-sub", "sub")
    .link("broken-link", "nowhere")
    .link("sub/loop", "..");
}
