/**
 * Asks the daemon for a search.
 *
 * Guarantees: where the daemon does not answer, nothing was printed, and the search can be made without it. An answer
 * that was printed in part and does not come to its end is an error, never an exit code of the search. What is held
 * back for that is at most `HELD_BYTES_MAX`, and small answers come whole.
 */
import { connect, type Socket } from "node:net";
import { EverwarpError, hearAbort, holdsBytes } from "../../base/index.ts";
import {
  ACCEPT_TIMEOUT_MS,
  ANSWER_TIMEOUT_MS,
  decodeDecline,
  encodeFrame,
  encodeRequest,
  FRAME,
  type Frame,
  FrameReader,
  HELD_BYTES_MAX,
  type RuntimeFolder,
  type SearchRequest,
  whyNotPrivate,
} from "../protocol/index.ts";

/** Where a client writes. */
export interface SearchClient {
  /** @throws a system error with the code EPIPE if nobody reads any more */
  writeOut(bytes: Uint8Array): void;
  /** Never throws. */
  writeError(text: string): void;
}

/** The exit code, or why there is none: no daemon runs, or it does not answer this. */
export type Outcome = number | "absent" | "declined";

/**
 * Asks the daemon at a place for a search.
 * @param signal hangs up, which calls the search off; the outcome means nothing then
 * @returns the exit code; else nothing of the search was printed
 * @throws EW_DAEMON_DIED where a part was printed and the rest never came, and what `writeOut` throws
 */
export async function askDaemon(
  at: RuntimeFolder,
  request: SearchRequest,
  client: SearchClient,
  signal?: AbortSignal,
): Promise<Outcome> {
  if (signal?.aborted === true) return "declined";
  if (whyNotPrivate(at.folder) !== undefined) return "absent";
  const payload = isSafeText(request) ? encodeRequest(request) : undefined;
  if (payload === undefined) return "declined";
  const conversation = new Conversation(connect(at.socket), client);
  return await conversation.hold(payload, signal);
}

/**
 * Node puts U+FFFD in the place of bytes that are no text, and byte text has lone surrogates there. The daemon would
 * search for something else then.
 */
function isSafeText({ cwd, argv, env }: SearchRequest): boolean {
  return ![cwd, ...argv, ...Object.values(env)].some((text) => text.includes("\ufffd") || holdsBytes(text));
}

/** One request and its answer. */
class Conversation {
  readonly #socket: Socket;
  readonly #client: SearchClient;
  readonly #reader = new FrameReader();
  /** What was not passed on yet, in its order. Undefined: everything is passed on at once. */
  #held: Frame[] | undefined = [];
  #heldBytes = 0;

  constructor(socket: Socket, client: SearchClient) {
    this.#socket = socket;
    this.#client = client;
  }

  async hold(payload: Uint8Array, signal?: AbortSignal): Promise<Outcome> {
    const socket = this.#socket;
    const unhear = signal && hearAbort(signal, () => void socket.destroy());
    const giveUp = (): void => {
      if (this.#held !== undefined) socket.destroy(); // what is printed in part is waited for
    };
    let hangs = setTimeout(giveUp, ACCEPT_TIMEOUT_MS);
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        socket.on("data", (piece: Buffer) => {
          clearTimeout(hangs);
          hangs = setTimeout(giveUp, ANSWER_TIMEOUT_MS);
          try {
            for (const frame of this.#reader.read(piece)) this.#take(frame, resolve);
          } catch (error) {
            this.#fail(error, resolve, reject);
          }
        });
        socket.on("error", () => undefined); // `close` follows
        socket.on("close", () => {
          if (this.#held === undefined) reject(cutOff());
          else resolve(socket.bytesRead === 0 ? "absent" : "declined");
        });
        socket.write(encodeFrame(FRAME.search, payload));
      });
    } finally {
      unhear?.();
      clearTimeout(hangs);
      socket.destroy();
    }
  }

  #take(frame: Frame, resolve: (outcome: Outcome) => void): void {
    const { kind, payload } = frame;
    if (kind === FRAME.output || kind === FRAME.errors) return this.#pass(frame);
    if (kind === FRAME.exit && payload.length === 4) {
      this.#release();
      return resolve(new DataView(payload.buffer, payload.byteOffset).getUint32(0, true));
    }
    if (kind !== FRAME.declined) return; // accepted, or something of a later version
    const { reason, text } = decodeDecline(payload);
    if (this.#held === undefined)
      throw new EverwarpError("EW_DAEMON_DIED", text === "" ? "the daemon ended the search" : text);
    if (reason === "otherVersion") this.#client.writeError(`everwarp: ${text}\n`);
    resolve("declined");
  }

  #fail(error: unknown, resolve: (outcome: Outcome) => void, reject: (error: unknown) => void): void {
    const isGarbage = error instanceof EverwarpError && error.code === "EW_DAEMON_PROTOCOL";
    if (!isGarbage) reject(error);
    else if (this.#held === undefined) reject(cutOff(error));
    else resolve("declined");
  }

  #pass(frame: Frame): void {
    if (this.#held === undefined) return this.#write(frame);
    this.#held.push(frame);
    this.#heldBytes += frame.payload.length;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#release();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const frame of held) this.#write(frame);
  }

  #write({ kind, payload }: Frame): void {
    if (kind === FRAME.output) this.#client.writeOut(payload);
    else this.#client.writeError(Buffer.from(payload).toString());
  }
}

/** The error of an answer that ended too early. */
function cutOff(cause?: unknown): EverwarpError {
  return new EverwarpError(
    "EW_DAEMON_DIED",
    "the daemon ended in the middle of its answer, of which a part is printed",
    { remedy: "Search again; without a daemon, everwarp search does everything by itself.", cause },
  );
}
