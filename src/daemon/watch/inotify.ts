/**
 * Linux's inotify: the kernel tells what changes in directories.
 *
 * Guarantees: the kernel queues an event before the call that changed something returns. So `drain` gives every change
 * that was complete before it was called, or an event with `OVERFLOW`, after which anything may have changed. Nothing
 * here waits.
 */
import { EverwarpError } from "../../base/index.ts";
import { koffi } from "../../vulkan/index.ts";

/** Bits of events and of what is watched, as inotify(7) has them. */
export const INOTIFY = {
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  UNMOUNT: 0x2000,
  OVERFLOW: 0x4000,
  IGNORED: 0x8000,
  ONLY_DIRECTORY: 0x1000000,
  IS_DIRECTORY: 0x40000000,
} as const;

/** Something that the kernel told. */
export interface InotifyEvent {
  /** Which watch; −1 for an overflow. */
  readonly watch: number;
  /** Bits of `INOTIFY`. */
  readonly mask: number;
  /** The name in the watched directory as a byte string; empty where the event is about what is watched itself. */
  readonly name: string;
}

/** The calls of inotify. A negative result is an error number. Tests give calls that fail. */
export interface NativeInotify {
  open(): number;
  add(descriptor: number, path: Buffer, mask: number): number;
  remove(descriptor: number, watch: number): number;
  read(descriptor: number, into: Buffer): number;
  close(descriptor: number): void;
}

const NONBLOCK_CLOEXEC = 0x80800;
const EINTR = 4;
const EAGAIN = 11;
const EVENT_HEAD_BYTES = 16;
const READ_BYTES = 256 * 1024;

let bound: NativeInotify | undefined;

/** The calls of the C library. @throws EW_NO_VULKAN where no native code can be called */
export function nativeInotify(): NativeInotify {
  if (bound !== undefined) return bound;
  const ffi = koffi();
  const library = ffi.load("libc.so.6");
  const open = library.func("inotify_init1", "int", ["int"]);
  const add = library.func("inotify_add_watch", "int", ["int", "uint8_t *", "uint32_t"]);
  const remove = library.func("inotify_rm_watch", "int", ["int", "int"]);
  const read = library.func("read", "int64_t", ["int", "uint8_t *", "uint64_t"]);
  const close = library.func("close", "int", ["int"]);
  const settled = (result: number | bigint): number => (Number(result) < 0 ? -ffi.errno() : Number(result));
  bound = {
    open: () => settled(open(NONBLOCK_CLOEXEC) as number),
    add: (descriptor, path, mask) => settled(add(descriptor, path, mask) as number),
    remove: (descriptor, watch) => settled(remove(descriptor, watch) as number),
    read: (descriptor, into) => settled(read(descriptor, into, into.length) as number),
    close: (descriptor) => void close(descriptor),
  };
  return bound;
}

/** One queue of events. See the head of this file. */
export class Inotify {
  readonly #native: NativeInotify;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #descriptor: number;

  /** @throws EW_WATCH_FAILED where the system gives no queue, EW_NO_VULKAN where no native code can be called */
  constructor(native: NativeInotify = nativeInotify()) {
    this.#native = native;
    this.#descriptor = native.open();
    if (this.#descriptor >= 0) return;
    throw new EverwarpError("EW_WATCH_FAILED", `inotify_init1 fails with error ${-this.#descriptor}`, {
      remedy: "Raise fs.inotify.max_user_instances, or end programs that watch files.",
    });
  }

  /**
   * Watches a directory or a file. One that is watched already keeps its number, by whatever path it is named.
   * @param path a byte string; empty for the root
   * @returns the number of the watch, or a negative error number
   */
  add(path: string, mask: number): number {
    return this.#native.add(this.#descriptor, Buffer.from(`${path === "" ? "/" : path}\0`, "latin1"), mask);
  }

  /** Ends a watch. One that ended by itself is no error. */
  remove(watch: number): void {
    this.#native.remove(this.#descriptor, watch);
  }

  /** Gives everything that the kernel has queued, in order. */
  drain(onEvent: (event: InotifyEvent) => void): void {
    if (this.#descriptor < 0) return;
    const buffer = this.#buffer;
    for (;;) {
      const length = this.#native.read(this.#descriptor, buffer);
      if (length === -EINTR) continue;
      if (length === -EAGAIN || length === 0) return;
      if (length < 0) {
        throw new EverwarpError("EW_WATCH_FAILED", `the queue of inotify cannot be read: error ${-length}`, {
          remedy: "Please report this.",
        });
      }
      for (let at = 0; at < length;) {
        const nameBytes = buffer.readUInt32LE(at + 12);
        onEvent({
          watch: buffer.readInt32LE(at),
          mask: buffer.readUInt32LE(at + 4),
          name: nameBytes === 0 ? "" : nameAt(buffer, at + EVENT_HEAD_BYTES, nameBytes),
        });
        at += EVENT_HEAD_BYTES + nameBytes;
      }
    }
  }

  /** Ends all watches. */
  close(): void {
    if (this.#descriptor >= 0) this.#native.close(this.#descriptor);
    this.#descriptor = -1;
  }
}

/** A name that is padded with NULs. */
function nameAt(buffer: Buffer, start: number, lengthBytes: number): string {
  const nul = buffer.indexOf(0, start);
  return buffer.toString(
    "latin1",
    start,
    nul === -1 ? start + lengthBytes : Math.min(nul, start + lengthBytes),
  );
}
