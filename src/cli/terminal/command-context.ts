/** What a command sees of its surroundings. Tests give their own. */
import { fstatSync, writeSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import { systemErrorText, type FileIdentity } from "../../search/index.ts";

/** Variables, terminals and streams of a command. */
export interface CommandContext {
  /** Absolute path that relative paths refer to. Without it: the directory of this process. */
  cwd?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  stdoutIsTerminal: boolean;
  stderrIsTerminal: boolean;
  /** Standard input is a file, a pipe or a socket. Without a path, a search reads it. */
  stdinIsReadable: boolean;
  /** The regular file that standard output is. Undefined for anything else. */
  stdoutFile: FileIdentity | undefined;
  /**
   * Writes to standard output.
   * @throws a system error with the code EPIPE if nobody reads any more, EW_PATH_UNWRITABLE if the disk is
   * full or the device is gone
   */
  writeOut(bytes: Uint8Array): void;
  /**
   * Writes to standard error. Never throws: if a message cannot be written, it is lost, and `messagesLost`
   * becomes true.
   */
  writeError(text: string): void;
  /** A message was lost that somebody wanted to read. The exit code must not say that all went well. */
  readonly messagesLost: boolean;
}

/** The major number of Linux's memory devices, as /dev/null is one. */
const MEMORY_DEVICES = 1;

/**
 * True for a terminal. The module that knows terminals takes some milliseconds, so it is loaded only for a character
 * device that can be one.
 */
function isTerminal(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isCharacterDevice()) return false;
    if (process.platform === "linux" && stats.rdev >> 8 === MEMORY_DEVICES) return false;
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

/** Writes all bytes. It waits while a pipe is full. */
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

/** The surroundings of this process. */
export function processContext(): CommandContext {
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
        // If nobody reads messages, nobody misses one.
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") messagesLost = true;
      }
    },
  };
}
