/** What a command sees of its surroundings. Tests give their own. */
import { fstatSync, writeSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import { systemErrorText, type FileIdentity } from "../../search/index.ts";

export interface Environment {
  env: Readonly<Record<string, string | undefined>>;
  stdoutIsTerminal: boolean;
  stderrIsTerminal: boolean;
  /** Standard input is a file, a pipe or a socket, so without a path it is what is searched. */
  stdinIsReadable: boolean;
  /** The regular file that standard output is; undefined for anything else. */
  stdoutFile: FileIdentity | undefined;
  /** @throws a system error with the code EPIPE when nobody reads any more, EW_PATH_UNWRITABLE when there is no room or no device */
  writeOut(bytes: Uint8Array): void;
  /** Never throws: a message that cannot be written is lost, and `messagesLost` says so. */
  writeError(text: string): void;
  /** Somebody wanted to read what we had to say, and could not: the exit code must not claim that all went well. */
  readonly messagesLost: boolean;
}

/** A terminal is a character device, and only for one of those the module that knows terminals is loaded. */
function isTerminal(descriptor: number): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBADF") return false;
    throw error;
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

function stdinIsReadable(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFile() || stat.isFIFO() || stat.isSocket();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBADF") return false;
    throw error;
  }
}

function stdoutFile(): FileIdentity | undefined {
  try {
    const stats = fstatSync(1, { bigint: true });
    return stats.isFile() ? { device: stats.dev, inode: stats.ino } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBADF") return undefined;
    throw error;
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it, waiting where a pipe is full. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at, bytes.length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

function writeOut(bytes: Uint8Array): void {
  try {
    writeAll(1, bytes);
  } catch (error) {
    const reason = systemErrorText(error);
    if (reason === undefined || (error as NodeJS.ErrnoException).code === "EPIPE") throw error;
    throw new EverwarpError("EW_PATH_UNWRITABLE", `standard output cannot be written: ${reason}`, {
      cause: error,
    });
  }
}

/** The real ones. */
export function processEnvironment(): Environment {
  let messagesLost = false;
  return {
    env: process.env,
    get stdoutIsTerminal() {
      return isTerminal(1);
    },
    get stderrIsTerminal() {
      return isTerminal(2);
    },
    get stdinIsReadable() {
      return stdinIsReadable();
    },
    get stdoutFile() {
      return stdoutFile();
    },
    get messagesLost() {
      return messagesLost;
    },
    writeOut,
    writeError(text) {
      try {
        writeAll(2, Buffer.from(text));
      } catch (error) {
        if (systemErrorText(error) === undefined) throw error;
        // Where nobody reads our messages, nobody misses one.
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") messagesLost = true;
      }
    },
  };
}
