/**
 * Frames: how they are written, and how they are read from pieces of any size.
 *
 * Invariant of the reader: it keeps at most one frame, and so no more bytes than the limit and one piece.
 */
import { EverwarpError } from "../../base/index.ts";
import { HEADER_BYTES, PAYLOAD_BYTES_MAX } from "./constants.ts";

/** A frame that has arrived whole. */
export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

/** A frame as bytes. @param payload of at most `PAYLOAD_BYTES_MAX` bytes */
export function encodeFrame(kind: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(kind, 4);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Bytes of any length as frames of one kind. */
export function* encodeOutput(kind: number, bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PAYLOAD_BYTES_MAX)
    yield encodeFrame(kind, bytes.subarray(at, at + PAYLOAD_BYTES_MAX));
}

/** Joins pieces to frames. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #keptBytes = 0;
  /** So many bytes are needed before anything can be said. */
  #neededBytes = HEADER_BYTES;

  /**
   * The frames that are whole with this piece.
   * @throws EW_DAEMON_PROTOCOL for a frame above the limit; the rest of the stream means nothing then
   */
  *read(piece: Uint8Array): Generator<Frame> {
    this.#pieces.push(asBuffer(piece));
    this.#keptBytes += piece.length;
    if (this.#keptBytes < this.#neededBytes) return;
    let bytes = Buffer.concat(this.#pieces, this.#keptBytes);
    this.#neededBytes = HEADER_BYTES;
    while (bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + payloadBytesOf(bytes);
      if (bytes.length < end) {
        this.#neededBytes = end;
        break;
      }
      yield { kind: bytes.readUInt32LE(4), payload: bytes.subarray(HEADER_BYTES, end) };
      bytes = bytes.subarray(end);
    }
    this.#pieces = bytes.length === 0 ? [] : [bytes];
    this.#keptBytes = bytes.length;
  }
}

function payloadBytesOf(frame: Buffer): number {
  const length = frame.readUInt32LE(0);
  if (length <= PAYLOAD_BYTES_MAX) return length;
  throw new EverwarpError(
    "EW_DAEMON_PROTOCOL",
    `a frame on the daemon's socket claims ${length} bytes, and the limit is ${PAYLOAD_BYTES_MAX}`,
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
