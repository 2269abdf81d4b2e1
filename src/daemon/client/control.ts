/** Asks the daemon for its state, and for its end. */
import { connect } from "node:net";
import { EverwarpError } from "../../base/index.ts";
import {
  type DaemonReport,
  encodeFrame,
  FRAME,
  type Frame,
  FrameReader,
  type RuntimeFolder,
  whyNotPrivate,
} from "../protocol/index.ts";

/** A daemon that says nothing for so long hangs. Its end may take some seconds. */
const ANSWER_TIMEOUT_MS = 20_000;

/** What the daemon holds and has done. @throws EW_DAEMON_NOT_RUNNING, EW_DAEMON_PROTOCOL, EW_TIMEOUT */
export async function askForReport(at: RuntimeFolder): Promise<DaemonReport> {
  const { kind, payload } = await ask(at, FRAME.status);
  if (kind !== FRAME.report)
    throw new EverwarpError("EW_DAEMON_PROTOCOL", `the daemon answered with a frame of kind ${kind}`);
  return JSON.parse(Buffer.from(payload).toString()) as DaemonReport;
}

/** Ends the daemon. When this returns, its place is free. @throws EW_DAEMON_NOT_RUNNING, EW_TIMEOUT */
export async function askToStop(at: RuntimeFolder): Promise<void> {
  await ask(at, FRAME.stop);
}

async function ask(at: RuntimeFolder, kind: number): Promise<Frame> {
  const why = whyNotPrivate(at.folder);
  if (why !== undefined && why !== "absent")
    throw new EverwarpError("EW_DAEMON_FOLDER", `the daemon's folder ${at.folder} is not believed: ${why}`);
  const socket = connect(at.socket);
  const reader = new FrameReader();
  const timer = setTimeout(() => socket.destroy(timedOut(at)), ANSWER_TIMEOUT_MS);
  try {
    return await new Promise<Frame>((resolve, reject) => {
      socket.on("data", (piece: Buffer) => {
        try {
          for (const frame of reader.read(piece)) resolve(frame);
        } catch (error) {
          reject(error as Error);
        }
      });
      socket.on("error", (error) => reject(error instanceof EverwarpError ? error : notRunning(at, error)));
      socket.on("close", () => reject(notRunning(at)));
      socket.write(encodeFrame(kind));
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function notRunning(at: RuntimeFolder, cause?: unknown): EverwarpError {
  return new EverwarpError("EW_DAEMON_NOT_RUNNING", `no daemon answers at ${at.socket}`, {
    remedy: "everwarp serve PATH starts one.",
    cause,
  });
}

function timedOut(at: RuntimeFolder): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `the daemon at ${at.socket} did not answer`, {
    remedy: "The daemon may hang. fuser or lsof finds its process by the lock file beside the socket.",
  });
}
