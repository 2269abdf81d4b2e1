/**
 * An answer on its way to one client.
 *
 * Invariants: frames are sent in the order in which they were written, and nothing after the last one. Of what the
 * client has not read, no more is kept than `UNREAD_BYTES_MAX`; above `PAUSE_BYTES` the search is asked to wait. A
 * small answer that is there soon is one write.
 */
import type { Socket } from "node:net";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { EverwarpError, nowMs } from "../../base/index.ts";
import {
  type Decline,
  encodeDecline,
  encodeFailure,
  encodeFrame,
  encodeOutput,
  FRAME,
} from "../protocol/index.ts";

/** A search waits while its client has not read so much. */
const PAUSE_BYTES = 1 << 20;
/** What a search writes between two pauses, at most. */
const UNREAD_BYTES_MAX = 256 << 20;
/** A frame waits for others no longer than this. A client waits for the first one for `ACCEPT_TIMEOUT_MS`. */
const TOGETHER_MS = 100;
/** So much is sent at once. */
const TOGETHER_BYTES = 16 * 1024;
/** After this time a search lets the others have a turn. */
const TURN_MS = 8;

/** The frames of one answer. */
export class Answer {
  readonly #socket: Socket;
  /** Some output was sent, and so the client may have passed it on. */
  hasOutput = false;
  #isOver = false;
  /** Frames that wait for others. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #turnEndsMs = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The last frame was sent, or the client is gone. */
  get isOver(): boolean {
    return this.#isOver || this.#socket.destroyed;
  }

  /** The search has begun. */
  accept(): void {
    this.#turnEndsMs = nowMs() + TURN_MS;
    this.#send(encodeFrame(FRAME.accepted));
  }

  /** @throws EPIPE if the client is gone, EW_REQUEST_TOO_LARGE if it leaves far too much unread */
  writeOut(bytes: Uint8Array): void {
    if (this.isOver) throw clientIsGone();
    this.#sendOutput(FRAME.output, bytes);
    if (this.#socket.writableLength <= UNREAD_BYTES_MAX) return;
    throw new EverwarpError(
      "EW_REQUEST_TOO_LARGE",
      `one file has more output than the daemon keeps for a client (${UNREAD_BYTES_MAX >> 20} MiB)`,
      { remedy: "Search it with --daemon off." },
    );
  }

  writeError(text: string): void {
    if (this.isOver) return;
    this.#sendOutput(FRAME.errors, Buffer.from(text));
  }

  /** What `SearchContext.pause` does. */
  pause(): Promise<void> | undefined {
    if (this.isOver) throw clientIsGone();
    if (this.#socket.writableLength <= PAUSE_BYTES && nowMs() < this.#turnEndsMs) return undefined;
    return this.#wait();
  }

  async #wait(): Promise<void> {
    await turnOfTheLoop();
    while (!this.isOver && this.#socket.writableLength > PAUSE_BYTES) await drainOrClose(this.#socket);
    if (this.isOver) throw clientIsGone();
    this.#turnEndsMs = nowMs() + TURN_MS;
  }

  exit(code: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(code, 0);
    this.#end(encodeFrame(FRAME.exit, payload));
  }

  decline(decline: Decline): void {
    this.#end(encodeFrame(FRAME.declined, encodeDecline(decline)));
  }

  /** An error that ends the answer. */
  fail(error: unknown): void {
    this.#end(encodeFrame(FRAME.failure, encodeFailure(error)));
  }

  /** A frame of an answer to a program. @throws EPIPE if the client is gone */
  send(kind: number, payload: Uint8Array): void {
    if (this.isOver) throw clientIsGone();
    this.hasOutput = true;
    this.#send(encodeFrame(kind, payload));
  }

  /** A value, as JSON. @throws as `send` */
  tell(value: unknown): void {
    if (this.isOver) throw clientIsGone();
    this.#sendOutput(FRAME.report, Buffer.from(JSON.stringify(value)));
  }

  /** The tree has changed. Where the client has not read what it was told before, that says enough. */
  tellChange(): void {
    if (this.isOver || this.#socket.writableLength > 0) return;
    this.#send(encodeFrame(FRAME.changed));
    this.flush();
  }

  /** Sends what waits for other frames. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0 && !this.#socket.destroyed) this.#socket.write(this.#taken());
  }

  report(text: string): void {
    this.#end(encodeFrame(FRAME.report, Buffer.from(text)));
  }

  /** Breaks the connection. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #sendOutput(kind: number, bytes: Uint8Array): void {
    this.hasOutput ||= bytes.length > 0;
    for (const frame of encodeOutput(kind, bytes)) this.#send(frame);
  }

  #send(frame: Buffer): void {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    if (this.#waitingBytes > TOGETHER_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  #taken(): Buffer {
    const frames = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
  }

  #end(frame: Buffer): void {
    if (this.isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#waiting.push(frame);
    this.#socket.end(this.#taken());
  }
}

function drainOrClose(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

function clientIsGone(): Error {
  return Object.assign(new Error("EPIPE: the client is gone"), { code: "EPIPE", syscall: "write" });
}
