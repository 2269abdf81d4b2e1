/**
 * Decodes what a terminal sends: UTF-8, xterm's sequences for keys, SGR mouse reports and bracketed paste.
 *
 * Invariants: nothing throws, whatever comes. What is unknown is passed over as a whole, so that no part of a sequence
 * is taken for text. A sequence may come in pieces; `isWaiting` tells that the rest of one is awaited. An Escape alone
 * can only be told by the silence behind it: the caller waits a moment and calls `flush`.
 */
import { StringDecoder } from "node:string_decoder";
import type { InputEvent, KeyName } from "./events.ts";

const PASTE_BEGIN = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** A sequence that goes on for longer than this is none. */
const LONGEST_SEQUENCE = 64;

/** Keys by the last letter of `ESC [ … X` and `ESC O X`. */
const BY_LETTER: Readonly<Record<string, KeyName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
};

/** Keys by the number of `ESC [ N ~`. */
const BY_NUMBER: Readonly<Record<number, KeyName>> = {
  1: "home",
  3: "delete",
  4: "end",
  5: "page-up",
  6: "page-down",
  7: "home",
  8: "end",
  ...Object.fromEntries([11, 12, 13, 14, 15].map((code, at) => [code, `f${at + 1}`])),
  ...Object.fromEntries([17, 18, 19, 20, 21].map((code, at) => [code, `f${at + 6}`])),
};

/** See the head of this file. */
export class KeyDecoder {
  readonly #utf8 = new StringDecoder("utf8");
  #rest = "";
  /** What was pasted so far; undefined outside of a paste. */
  #pasted: string | undefined;

  /** The rest of a sequence is awaited. */
  get isWaiting(): boolean {
    return this.#pasted === undefined && this.#rest !== "";
  }

  /** @returns what the bytes say, in their order */
  push(bytes: Uint8Array): InputEvent[] {
    this.#rest += this.#utf8.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const events: InputEvent[] = [];
    while (this.#rest !== "" && this.#take(events));
    return events;
  }

  /** Nothing came for a moment: what is left over is what it looks like. */
  flush(): InputEvent[] {
    if (!this.isWaiting) return [];
    const rest = this.#rest;
    this.#rest = "";
    return rest === "\x1b" ? [key("escape")] : [];
  }

  /** Takes one event or one run of text. @returns false where more is needed */
  #take(events: InputEvent[]): boolean {
    if (this.#pasted !== undefined) return this.#takePaste(events);
    const rest = this.#rest;
    if (rest.startsWith("\x1b")) return this.#takeSequence(events);
    const end = rest.search(/\p{Cc}/u);
    if (end !== 0) {
      const text = end < 0 ? rest : rest.slice(0, end);
      this.#rest = rest.slice(text.length);
      events.push({ kind: "text", text });
      return true;
    }
    this.#rest = rest.slice(1);
    const event = controlKey(rest.charCodeAt(0));
    if (event !== undefined) events.push(event);
    return true;
  }

  #takePaste(events: InputEvent[]): boolean {
    const whole = (this.#pasted ?? "") + this.#rest;
    const end = whole.indexOf(PASTE_END);
    this.#rest = end < 0 ? "" : whole.slice(end + PASTE_END.length);
    this.#pasted = end < 0 ? whole : undefined;
    if (end >= 0) events.push({ kind: "paste", text: whole.slice(0, end) });
    return end >= 0;
  }

  /** `rest` begins with an Escape. */
  #takeSequence(events: InputEvent[]): boolean {
    const rest = this.#rest;
    if (rest.length === 1) return false;
    if (rest.startsWith(PASTE_BEGIN)) {
      this.#rest = rest.slice(PASTE_BEGIN.length);
      this.#pasted = "";
      return true;
    }
    const behind = rest.slice(1);
    const sequence = /^(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/.exec(behind)?.[0];
    if (sequence !== undefined) {
      this.#rest = behind.slice(sequence.length);
      const event = sequenceEvent(sequence);
      if (event !== undefined) events.push(event);
      return true;
    }
    if (/^(?:\[[0-?]*[ -/]*|O)$/.test(behind)) {
      if (rest.length < LONGEST_SEQUENCE) return false;
      this.#rest = "";
      return true;
    }
    return this.#takeAlt(events);
  }

  /** An Escape before something else than a sequence is Alt, or the key itself before another one. */
  #takeAlt(events: InputEvent[]): boolean {
    const [letter = ""] = this.#rest.slice(1);
    const isKnown = /^[A-Za-z]$/.test(letter);
    this.#rest = this.#rest.slice(isKnown ? 2 : 1);
    if (isKnown) events.push({ ...key(`letter-${letter.toLowerCase()}`), hasAlt: true });
    else if (letter === "\x7f") {
      this.#rest = this.#rest.slice(1);
      events.push({ ...key("backspace"), hasAlt: true });
    } else events.push(key("escape"));
    return true;
  }
}

function key(name: KeyName): { kind: "key"; name: KeyName; hasControl: boolean; hasAlt: boolean } {
  return { kind: "key", name, hasControl: false, hasAlt: false };
}

function controlKey(code: number): InputEvent | undefined {
  if (code === 0x0d || code === 0x0a) return key("enter");
  if (code === 0x09) return key("tab");
  if (code === 0x7f || code === 0x08) return key("backspace");
  if (code < 0x01 || code > 0x1a) return undefined;
  return { ...key(`letter-${String.fromCharCode(code + 0x60)}`), hasControl: true };
}

/** @param sequence without its Escape */
function sequenceEvent(sequence: string): InputEvent | undefined {
  const mouse = /^\[<(\d+);(\d+);(\d+)([Mm])$/.exec(sequence);
  if (mouse !== null)
    return mouseEvent(Number(mouse[1]), Number(mouse[2]), Number(mouse[3]), mouse[4] === "M");
  const last = sequence.at(-1) ?? "";
  const [first = 0, held = 1] = sequence.slice(1, -1).split(";").map(Number);
  const name = last === "~" ? BY_NUMBER[first] : last === "Z" ? "tab" : BY_LETTER[last];
  if (name === undefined) return undefined;
  const bits = held - 1;
  return { kind: "key", name, hasAlt: (bits & 2) !== 0, hasControl: (bits & 4) !== 0 };
}

/** How many lines one notch of a wheel moves. */
const WHEEL_LINES = 3;

function mouseEvent(button: number, x: number, y: number, isPress: boolean): InputEvent | undefined {
  const row = y - 1;
  const column = x - 1;
  if (!isPress || row < 0 || column < 0) return undefined;
  if (button === 0) return { kind: "click", row, column };
  if (button === 64) return { kind: "wheel", row, lines: -WHEEL_LINES };
  if (button === 65) return { kind: "wheel", row, lines: WHEEL_LINES };
  return undefined;
}
