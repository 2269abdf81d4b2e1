import fc from "fast-check";
import { expect, it } from "vitest";
import { KeyDecoder } from "./decoder.ts";
import type { InputEvent } from "./events.ts";

const decoded = (...pieces: (string | Uint8Array)[]): InputEvent[] => {
  const decoder = new KeyDecoder();
  return pieces.flatMap((piece) => decoder.push(Buffer.from(piece as string)));
};
const key = (name: string, held: object = {}): object => ({
  kind: "key",
  name,
  hasControl: false,
  hasAlt: false,
  ...held,
});

// The sequences are those of xterm (ctlseqs), which tmux and others send, too.
it.each([
  ["\x1b[A", key("up")],
  ["\x1bOB", key("down")],
  ["\x1b[1;5C", key("right", { hasControl: true })],
  ["\x1b[1;3D", key("left", { hasAlt: true })],
  ["\x1b[H", key("home")],
  ["\x1b[4~", key("end")],
  ["\x1b[5~", key("page-up")],
  ["\x1b[3~", key("delete")],
  ["\x1bOP", key("f1")],
  ["\x1b[15~", key("f5")],
  ["\x1b[17~", key("f6")],
  ["\r", key("enter")],
  ["\t", key("tab")],
  ["\x7f", key("backspace")],
  ["\x03", key("letter-c", { hasControl: true })],
  ["\x1bc", key("letter-c", { hasAlt: true })],
  ["\x1b\x7f", key("backspace", { hasAlt: true })],
  ["\x1b[<0;5;3M", { kind: "click", row: 2, column: 4 }],
  ["\x1b[<64;1;1M", { kind: "wheel", row: 0, lines: -3 }],
  ["\x1b[<65;1;2M", { kind: "wheel", row: 1, lines: 3 }],
  ["\x1b[200~two\r\nlines\x1b[A\x1b[201~", { kind: "paste", text: "two\r\nlines\x1b[A" }],
  ["é漢", { kind: "text", text: "é漢" }],
])("decodes %j", (bytes, event) => {
  expect(decoded(bytes)).toEqual([event]);
  // Byte by byte it says the same, once text is put together again.
  const single = decoded(...Array.from(Buffer.from(bytes), (byte) => Uint8Array.of(byte)));
  const joined = single.every(({ kind }) => kind === "text")
    ? [{ kind: "text", text: single.map((each) => (each as { text: string }).text).join("") }]
    : single;
  expect(joined).toEqual([event]);
});

it("waits for the rest of a sequence, and takes an Escape alone for the key", () => {
  const decoder = new KeyDecoder();
  expect(decoder.push(Buffer.from("\x1b"))).toEqual([]);
  expect(decoder.isWaiting).toBe(true);
  expect(decoder.flush()).toEqual([key("escape")]);
  expect(decoder.isWaiting).toBe(false);
  expect(decoder.push(Buffer.from("\x1b["))).toEqual([]);
  expect(decoder.push(Buffer.from("B"))).toEqual([key("down")]);
});

it("passes over sequences that it does not know, releases of buttons, and controls", () => {
  expect(decoded("\x1b[?62;c", "\x1b[<0;5;3m", "\x1b[99~", "\x00", "\x1c", "\u009b", "a")).toEqual([
    { kind: "text", text: "a" },
  ]);
});

it("takes anything without an error, and text is never a control character", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (pieces) => {
      const decoder = new KeyDecoder();
      const events = pieces.flatMap((piece) => decoder.push(piece));
      events.push(...decoder.flush());
      for (const event of events) if (event.kind === "text") expect(event.text).not.toMatch(/\p{Cc}/u);
    }),
  );
});
