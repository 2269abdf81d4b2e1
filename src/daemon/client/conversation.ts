/**
 * One question and its answer, on a connection of its own.
 *
 *     question ──▶ accepted ◀── frames … ◀── exit | failure | declined
 *
 * Guarantees: `frames` ends where the answer is whole, and throws everywhere else. Leaving the loop, or the signal,
 * hangs up, which calls off what was asked. While nobody takes frames, nothing more is read from the socket.
 */
import { connect } from "node:net";
import { EverwarpError, hearAbort } from "../../base/index.ts";
import { abortedError } from "../../search/index.ts";
import {
  type Decline,
  decodeDecline,
  decodeFailure,
  encodeFrame,
  FRAME,
  type Frame,
  FrameReader,
  type RuntimeFolder,
  whyNotPrivate,
} from "../protocol/index.ts";

/** A daemon that accepts no question in this time hangs. A program has nobody else to ask, so it waits for long. */
const ACCEPT_TIMEOUT_MS = 15_000;

/**
 * The frames of an answer, but for the first and the last.
 * @param signal ends it; what is thrown then means nothing
 * @throws EW_DAEMON_NOT_RUNNING, EW_DAEMON_DIED, EW_DAEMON_TREE, EW_DAEMON_VERSION, EW_DAEMON_PROTOCOL, EW_QUEUE_FULL,
 * EW_TIMEOUT where it accepts nothing, and the errors of the daemon
 */
export async function* framesOf(
  at: RuntimeFolder,
  payload: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<Frame, void, undefined> {
  if (signal.aborted) throw abortedError(signal.reason);
  const why = whyNotPrivate(at.folder);
  if (why !== undefined) throw notRunning(at, why === "absent" ? undefined : new Error(why));
  const socket = connect(at.socket);
  const reader = new FrameReader();
  const unhear = hearAbort(signal, () => void socket.destroy());
  let hangs = false;
  const tooSlow = setTimeout(() => {
    hangs = true;
    socket.destroy();
  }, ACCEPT_TIMEOUT_MS);
  let isAccepted = false;
  try {
    socket.write(encodeFrame(FRAME.question, payload));
    for await (const piece of socket as AsyncIterable<Buffer>) {
      clearTimeout(tooSlow);
      for (const frame of reader.read(piece)) {
        const { kind } = frame;
        if (kind === FRAME.exit) return;
        if (kind === FRAME.failure) throw decodeFailure(frame.payload);
        if (kind === FRAME.declined) throw declined(decodeDecline(frame.payload), isAccepted);
        if (kind === FRAME.accepted) isAccepted = true;
        yield frame;
      }
    }
    throw isAccepted ? daemonDied() : closedAtOnce(at, hangs);
  } catch (error) {
    if (error instanceof EverwarpError) throw error;
    throw isAccepted ? daemonDied(error) : closedAtOnce(at, hangs, error);
  } finally {
    unhear();
    clearTimeout(tooSlow);
    socket.destroy();
  }
}

/** Why nothing was accepted. A daemon that does not know questions hangs up. */
function closedAtOnce(at: RuntimeFolder, hangs: boolean, cause?: unknown): EverwarpError {
  if (hangs)
    return new EverwarpError("EW_TIMEOUT", `the daemon at ${at.socket} did not accept a question in time`, {
      remedy: "It may hang: everwarp serve --stop ends it.",
    });
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ECONNREFUSED" || code === "ENOENT") return notRunning(at, cause);
  return daemonDied(cause);
}

function notRunning(at: RuntimeFolder, cause?: unknown): EverwarpError {
  return new EverwarpError("EW_DAEMON_NOT_RUNNING", `no daemon answers at ${at.socket}`, {
    remedy: 'Start one with everwarp serve PATH, or connect with daemon: "auto".',
    cause,
  });
}

function daemonDied(cause?: unknown): EverwarpError {
  return new EverwarpError("EW_DAEMON_DIED", "the daemon ended in the middle of an answer", {
    remedy: "Ask again.",
    cause,
  });
}

function declined({ reason, text }: Decline, isAccepted: boolean): EverwarpError {
  if (isAccepted || reason === "ending" || reason === "failed") return daemonDied(new Error(text));
  if (reason === "otherVersion")
    return new EverwarpError("EW_DAEMON_VERSION", text.replace("; searching without it", ""));
  if (reason === "busy")
    return new EverwarpError("EW_QUEUE_FULL", text, { remedy: "Ask again when fewer searches run." });
  return new EverwarpError("EW_DAEMON_TREE", "the daemon does not hold these paths, or they do not exist", {
    remedy: 'Name the tree with everwarp serve PATH, or connect with daemon: "auto".',
  });
}
