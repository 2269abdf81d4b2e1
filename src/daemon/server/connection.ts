/**
 * A connection of one client, from its request to the last frame of its answer.
 *
 *     waiting ──request──▶ answering ──last frame──▶ over
 *        │ garbage, too slow, another user │ the client goes away: its search is called off
 *        └───────────────▶ over ◀──────────┘
 *
 * Invariant: nothing that a client sends or leaves out throws, or keeps more than one frame of memory.
 */
import type { Socket } from "node:net";
import { type Frame, FrameReader } from "../protocol/index.ts";
import { Answer } from "./answer.ts";

/** A request has to be there whole in this time. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Made once: an error of its own for each client that leaves would cost more than the client. */
const GONE = new Error("the client is gone");

/** Answers a request. Must not reject. */
export type Answering = (frame: Frame, answer: Answer, signal: AbortSignal) => Promise<void>;

/** One connection. */
export class Connection {
  readonly #socket: Socket;
  readonly #answering: Answering;
  readonly #reader = new FrameReader();
  readonly #gone = new AbortController();
  readonly #tooSlow: NodeJS.Timeout;
  #hasRequest = false;

  constructor(socket: Socket, answering: Answering) {
    this.#socket = socket;
    this.#answering = answering;
    this.#tooSlow = setTimeout(() => socket.destroy(), REQUEST_TIMEOUT_MS).unref();
    socket.on("data", (piece: Buffer) => this.#take(piece));
    // A client that is gone, or that breaks the connection in any other way: `close` follows.
    socket.on("error", () => this.#leave());
    socket.on("end", () => this.#leave());
    socket.on("close", () => this.#leave());
  }

  /** Ends it, with what was sent so far. */
  destroy(): void {
    this.#socket.destroy();
  }

  #leave(): void {
    clearTimeout(this.#tooSlow);
    this.#gone.abort(GONE);
  }

  #take(piece: Buffer): void {
    // A second request, or bytes behind the first one: this is no client of ours.
    if (this.#hasRequest) return void this.#socket.destroy();
    try {
      for (const frame of this.#reader.read(piece)) {
        if (this.#hasRequest) return void this.#socket.destroy();
        this.#hasRequest = true;
        clearTimeout(this.#tooSlow);
        void this.#answering(frame, new Answer(this.#socket), this.#gone.signal);
      }
    } catch {
      this.#socket.destroy(); // no frame: there is nobody who would understand an answer
    }
  }
}
