/**
 * Turns a file's bytes into the bytes that are searched: UTF-8, or the raw bytes.
 * A byte-order mark or --encoding decides, as in ripgrep.
 */
import { TextDecoder } from "node:util";
import { assert, EverwarpError } from "../../base/index.ts";
import { encodingName } from "./encoding-labels.ts";
import type { ByteReader } from "./reader.ts";

/** What a file's first bytes say. */
export interface Decoding {
  /** Length of the mark in bytes. The mark is not searched. */
  skipBytes: number;
  /** The name of the encoding to decode from, or undefined where the bytes are searched as they are. */
  label: string | undefined;
}

const AS_IT_IS: Decoding = { skipBytes: 0, label: undefined };
const UTF8_MARK: Decoding = { skipBytes: 3, label: undefined };
const UTF16_LE: Decoding = { skipBytes: 2, label: "utf-16le" };
const UTF16_BE: Decoding = { skipBytes: 2, label: "utf-16be" };

/** Length of the UTF-8 mark that a text begins with; 0 where there is none. @param length bytes of it that are known */
export const utf8MarkLength = (text: Uint8Array, length: number): number =>
  length >= 3 && text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? 3 : 0;

/** The longest mark, in bytes: with so many bytes of a file, every mark is recognised. */
export const LONGEST_MARK_BYTES = 3;

/**
 * How a file that begins with these bytes is decoded.
 * @param encoding `auto`, `none`, or an encoding's name. A mark of UTF-16 wins over a name. A mark of UTF-8
 * is only skipped.
 */
export function decodingOf(head: Uint8Array, length: number, encoding: string): Decoding {
  if (encoding === "none") return AS_IT_IS;
  const label = encoding === "auto" ? undefined : encoding;
  if (length >= 2) {
    const first = head[0];
    const second = head[1];
    if (first === 0xff && second === 0xfe) return UTF16_LE;
    if (first === 0xfe && second === 0xff) return UTF16_BE;
    if (utf8MarkLength(head, length) > 0) return label === undefined ? UTF8_MARK : { skipBytes: 3, label };
  }
  return label === undefined ? AS_IT_IS : { skipBytes: 0, label };
}

/** The name of the encoding that a label stands for. @throws EW_BAD_FLAG_VALUE for a label of none */
export function canonicalEncoding(label: string): string {
  const name = encodingName(label);
  if (name !== undefined) return name;
  throw new EverwarpError("EW_BAD_FLAG_VALUE", `grep config error: unknown encoding: ${label}`);
}

interface Decoder {
  decode(bytes: Uint8Array, options: { stream: boolean }): string;
}

/**
 * The encodings that Node decodes as the standard says. For most others, Node's tables differ from the
 * standard's.
 */
const NODE_DECODES: ReadonlySet<string> = new Set(["utf-8", "utf-16le", "utf-16be"]);

/** Decodes all encodings of the standard. Undefined until it is needed, because its tables are large. */
let StandardDecoder: (new (name: string) => Decoder) | undefined;

/**
 * Loads what decodes files of this encoding. Each thread calls this once before it searches, because a search
 * is synchronous.
 * @param encoding `auto`, `none`, or a name that `canonicalEncoding` returned
 */
export async function loadDecoder(encoding: string): Promise<void> {
  if (encoding === "auto" || encoding === "none" || NODE_DECODES.has(encoding)) return;
  ({ TextDecoder: StandardDecoder } = await import("@exodus/bytes/encoding.js"));
}

function createDecoder(name: string): Decoder {
  if (NODE_DECODES.has(name)) return new TextDecoder(name); // which passes over one more mark, as ripgrep's does
  assert(StandardDecoder !== undefined, `the decoder of ${name} was not loaded`);
  return new StandardDecoder(name);
}

/** Decodes a whole file in memory. */
export function decode(bytes: Uint8Array, label: string): Buffer {
  return Buffer.from(createDecoder(label).decode(bytes, { stream: false }));
}

const PIECE_BYTES = 64 * 1024;

/** Decodes the bytes of another reader. */
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
