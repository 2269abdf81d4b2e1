/** The answers that hold more than bytes of a stream. */
import { ERROR_CODES, type ErrorCode, EverwarpError } from "../../base/index.ts";
import { DECLINE } from "./constants.ts";

/** A search that the daemon did not answer, or not to its end. */
export interface Decline {
  readonly reason: keyof typeof DECLINE;
  /** For people. Empty where the client just searches by itself. */
  readonly text: string;
}

/** What `everwarp serve --status` shows. */
export interface DaemonReport {
  readonly version: string;
  readonly protocol: number;
  readonly processId: number;
  readonly startedAt: string;
  /** The trees that were named. */
  readonly trees: readonly string[];
  /** Minutes without a search after which the daemon ends. Undefined if it stays. */
  readonly idleMinutes?: number;
  /** Searches by how they ended, and those that run now. */
  readonly searches: {
    readonly answered: number;
    readonly declined: number;
    readonly cancelled: number;
    readonly failed: number;
    readonly running: number;
  };
  readonly connections: number;
  /** Bytes that are resident in memory, of the whole process. */
  readonly residentBytes: number;
  /** What the service says of itself. */
  readonly service: object;
}

/** A longer message of an error is cut: it holds a pattern that is as long. */
const MESSAGE_CHARACTERS_MAX = 10_000;

/** The payload of the frame `failure`. An error that is none of everwarp's own is a fault of the daemon. */
export function encodeFailure(error: unknown): Buffer {
  if (!(error instanceof EverwarpError))
    return Buffer.from(JSON.stringify({ code: "EW_INTERNAL", message: cut(String(error)) }));
  const { code, message, remedy } = error;
  const said = remedy === undefined ? message : message.slice(0, -`. ${remedy}`.length);
  return Buffer.from(JSON.stringify({ code, message: cut(said), remedy: remedy && cut(remedy) }));
}

const cut = (text: string): string =>
  text.length > MESSAGE_CHARACTERS_MAX ? `${text.slice(0, MESSAGE_CHARACTERS_MAX)}…` : text;

/** The error of a frame `failure`. @throws EW_DAEMON_PROTOCOL for what is no such payload */
export function decodeFailure(payload: Uint8Array): EverwarpError {
  let said: { code?: unknown; message?: unknown; remedy?: unknown };
  try {
    said = JSON.parse(Buffer.from(payload).toString()) as typeof said;
  } catch (cause) {
    throw new EverwarpError("EW_DAEMON_PROTOCOL", "an error of the daemon cannot be read", { cause });
  }
  const { code, message, remedy } = said;
  const isKnown = typeof code === "string" && code in ERROR_CODES;
  return new EverwarpError(
    isKnown ? (code as ErrorCode) : "EW_INTERNAL",
    String(message),
    typeof remedy === "string" ? { remedy } : {},
  );
}

/** The payload of the frame `declined`. */
export function encodeDecline({ reason, text }: Decline): Buffer {
  const bytes = Buffer.from(text);
  const payload = Buffer.alloc(8 + bytes.length);
  payload.writeUInt32LE(DECLINE[reason], 0);
  payload.writeUInt32LE(bytes.length, 4);
  payload.set(bytes, 8);
  return payload;
}

/** @throws EW_DAEMON_PROTOCOL for what is no such payload */
export function decodeDecline(payload: Uint8Array): Decline {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes.length < 8 || bytes.readUInt32LE(4) !== bytes.length - 8)
    throw new EverwarpError("EW_DAEMON_PROTOCOL", `an answer of ${bytes.length} bytes cannot be read`);
  const number = bytes.readUInt32LE(0);
  // A reason that is not known yet is as good as any: the client searches by itself.
  const reasons = Object.keys(DECLINE) as (keyof typeof DECLINE)[];
  const reason = reasons.find((each) => DECLINE[each] === number) ?? "notHeld";
  return { reason, text: bytes.toString("utf8", 8) };
}
