/**
 * The place of the daemon: its folder, its lock and its socket.
 *
 * Guarantees: of all processes that take the place at the same time, one gets it. It has the lock as long as it lives,
 * and whatever socket lies there meanwhile is its own. A socket gets its name when it listens. A killed daemon leaves a
 * socket, which the next one replaces.
 */
import { closeSync, constants, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "node:net";
import { once } from "node:events";
import { EverwarpError } from "../../base/index.ts";
import { makeFolderSync, PRIVATE_FOLDER_MODE } from "../../storage/index.ts";
import { type RuntimeFolder, whyNotPrivate } from "../protocol/index.ts";
import { lockFile } from "./libc.ts";

/** Addresses of Unix sockets have 108 bytes with their final NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** A socket that does not listen yet. The name is no longer than the socket's, as addresses have a limit. */
const UNHEARD_NAME = "starting";

/** The place, taken. */
export class DaemonPlace {
  readonly #at: RuntimeFolder;
  readonly #lock: number;

  private constructor(at: RuntimeFolder, lock: number) {
    this.#at = at;
    this.#lock = lock;
  }

  /**
   * Takes the place.
   * @throws EW_DAEMON_RUNNING where another daemon has it, EW_DAEMON_FOLDER for a folder that is open to others or
   * cannot be made
   */
  static take(at: RuntimeFolder): DaemonPlace {
    if (Buffer.byteLength(at.socket) > SOCKET_PATH_BYTES_MAX)
      throw new EverwarpError(
        "EW_DAEMON_FOLDER",
        `${at.socket} is too long for a socket: it has ${Buffer.byteLength(at.socket)} bytes`,
        { remedy: `Set XDG_RUNTIME_DIR to a shorter path; ${SOCKET_PATH_BYTES_MAX} bytes are possible.` },
      );
    makePrivateFolder(at.folder);
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const lock = openSync(at.lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    if (!lockFile(lock)) {
      closeSync(lock);
      throw new EverwarpError("EW_DAEMON_RUNNING", `a daemon of this user runs already at ${at.socket}`, {
        remedy: "everwarp serve --status shows it, and everwarp serve --stop ends it.",
      });
    }
    return new DaemonPlace(at, lock);
  }

  /** Lets a server listen at the socket, in the place of what a killed daemon left there. */
  async listen(server: Server): Promise<void> {
    const unheard = join(this.#at.folder, UNHEARD_NAME);
    rmSync(unheard, { force: true });
    const before = process.umask(0o177);
    try {
      server.listen(unheard);
    } finally {
      process.umask(before);
    }
    await once(server, "listening");
    renameSync(unheard, this.#at.socket);
  }

  /** From now on clients find no daemon. */
  hide(): void {
    rmSync(this.#at.socket, { force: true });
  }

  /** Gives the place to the next daemon. */
  release(): void {
    this.hide();
    closeSync(this.#lock);
  }
}

function makePrivateFolder(folder: string): void {
  let why: string | undefined;
  try {
    makeFolderSync(folder, PRIVATE_FOLDER_MODE);
    why = whyNotPrivate(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw unusable(folder, `it cannot be made (${code})`, error);
  }
  if (why !== undefined) throw unusable(folder, why);
}

function unusable(folder: string, why: string, cause?: unknown): EverwarpError {
  return new EverwarpError("EW_DAEMON_FOLDER", `the daemon's folder ${folder} cannot be used: ${why}`, {
    remedy: "It must belong to you, with mode 700. Remove it, or name another place in XDG_RUNTIME_DIR.",
    cause,
  });
}
