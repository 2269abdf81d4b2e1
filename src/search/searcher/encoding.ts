/** Turns a file's bytes into the UTF-8 (or raw) bytes that are searched, as ripgrep does by a byte-order mark or by --encoding. */
import { TextDecoder } from "node:util";
import { EverwarpError } from "../../base/errors.ts";
import type { ByteReader } from "./reader.ts";

/** What a file's first bytes say. */
export interface Decoding {
  /** Bytes of the mark, passed over. */
  skipBytes: number;
  /** A WHATWG label to decode from, or undefined where the bytes are searched as they are. */
  label: string | undefined;
}

const AS_IT_IS: Decoding = { skipBytes: 0, label: undefined };
const UTF8_MARK: Decoding = { skipBytes: 3, label: undefined };
const UTF16_LE: Decoding = { skipBytes: 2, label: "utf-16le" };
const UTF16_BE: Decoding = { skipBytes: 2, label: "utf-16be" };

/** Bytes that must be there to see every mark. */
export const LONGEST_MARK_BYTES = 3;

/**
 * @param encoding `auto`, `none`, or a label. A mark of UTF-16 wins over a label; one of UTF-8 is only passed over
 */
export function decodingOf(head: Uint8Array, length: number, encoding: string): Decoding {
  if (encoding === "none") return AS_IT_IS;
  const label = encoding === "auto" ? undefined : encoding;
  if (length >= 2) {
    const first = head[0];
    const second = head[1];
    if (first === 0xff && second === 0xfe) return UTF16_LE;
    if (first === 0xfe && second === 0xff) return UTF16_BE;
    if (first === 0xef && second === 0xbb && length >= 3 && head[2] === 0xbf)
      return label === undefined ? UTF8_MARK : { skipBytes: 3, label };
  }
  return label === undefined ? AS_IT_IS : { skipBytes: 0, label };
}

/** The decoder's own name of a label. @throws EW_BAD_FLAG_VALUE for a label that no decoder knows */
export function canonicalEncoding(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (error) {
    throw new EverwarpError("EW_BAD_FLAG_VALUE", `grep config error: unknown encoding: ${label}`, {
      cause: error,
    });
  }
}

/** What the bytes 0x80–0x9f are in windows-1252, which is what "latin1" means on the web. */
const WINDOWS_1252_HIGH =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

interface Decoder {
  decode(bytes: Uint8Array, options: { stream: boolean }): string;
}

/** Node 20's own decoder takes windows-1252 for ISO 8859-1, so that one is ours. */
function createDecoder(label: string): Decoder {
  if (label !== "windows-1252") return new TextDecoder(label); // which passes over one more mark, as ripgrep's does
  return {
    decode: (bytes) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        .toString("latin1")
        .replace(/[\x80-\x9f]/g, (letter) => WINDOWS_1252_HIGH[letter.charCodeAt(0) - 0x80] as string),
  };
}

/** Decodes a whole file in memory. */
export function decode(bytes: Uint8Array, label: string): Buffer {
  return Buffer.from(createDecoder(label).decode(bytes, { stream: false }));
}

const PIECE_BYTES = 64 * 1024;

/** Decodes while reading. */
export class DecodingReader implements ByteReader {
  private readonly source: ByteReader;
  private readonly decoder: Decoder;
  private readonly raw = Buffer.allocUnsafeSlow(PIECE_BYTES);
  private decoded: Buffer = Buffer.alloc(0);
  private at = 0;
  private ended = false;

  constructor(source: ByteReader, label: string) {
    this.source = source;
    this.decoder = createDecoder(label);
  }

  read(target: Buffer, at: number, length: number): number {
    while (this.at === this.decoded.length) {
      if (this.ended) return 0;
      const count = this.source.read(this.raw, 0, PIECE_BYTES);
      this.ended = count === 0;
      this.decoded = Buffer.from(this.decoder.decode(this.raw.subarray(0, count), { stream: !this.ended }));
      this.at = 0;
    }
    const copied = this.decoded.copy(target, at, this.at, Math.min(this.decoded.length, this.at + length));
    this.at += copied;
    return copied;
  }
}
