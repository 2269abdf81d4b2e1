/**
 * Byte text: text that may hold bytes which are not UTF-8, as Linux allows in arguments and paths.
 *
 * Guarantees: each such byte is one lone surrogate, U+DC00 plus the byte (as Python's "surrogateescape"). All other
 * text is as it is. So bytes become byte text and the same bytes again.
 */
import { isUtf8 } from "node:buffer";

const ESCAPE_BASE = 0xdc00;
/** Without its partner, a surrogate is a character of its own to a pattern with the flag u. */
const ESCAPED = /[\udc80-\udcff]/u;
const LONGEST_CHARACTER_BYTES = 4;

/** Bytes as byte text. */
export function byteText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString("utf8");
  let text = "";
  for (let at = 0; at < buffer.length;) {
    const length = characterBytes(buffer, at);
    text +=
      length === 0
        ? String.fromCharCode(ESCAPE_BASE + (buffer[at] as number))
        : buffer.toString("utf8", at, at + length);
    at += Math.max(1, length);
  }
  return text;
}

/** The length of the character at `at`; 0 if the bytes there are none. */
function characterBytes(bytes: Buffer, at: number): number {
  for (let length = 1; length <= LONGEST_CHARACTER_BYTES && at + length <= bytes.length; length++)
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  return 0;
}

/** True where the text holds a byte that is not UTF-8. */
export function holdsBytes(text: string): boolean {
  return ESCAPED.test(text);
}

/** The bytes that byte text stands for. */
export function bytesOfText(text: string): Buffer {
  if (!holdsBytes(text)) return Buffer.from(text, "utf8");
  return Buffer.concat(
    Array.from(text, (character) =>
      ESCAPED.test(character)
        ? Buffer.of(character.charCodeAt(0) - ESCAPE_BASE)
        : Buffer.from(character, "utf8"),
    ),
  );
}

/** What the system opens: the text itself, or bytes where it holds some. */
export function systemPath(text: string): string | Buffer {
  return holdsBytes(text) ? bytesOfText(text) : text;
}

/** Byte text in quotes, as Rust shows it: a byte that is not UTF-8 is \\xFF. */
export function quotedText(text: string): string {
  return JSON.stringify(text).replace(
    /\\udc([89a-f][0-9a-f])/g,
    (_whole, hex: string) => `\\x${hex.toUpperCase()}`,
  );
}

/** Byte text for people: U+FFFD in the place of bytes that are not UTF-8. */
export function lossyText(text: string): string {
  return holdsBytes(text) ? bytesOfText(text).toString("utf8") : text;
}
