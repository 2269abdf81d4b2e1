/**
 * The kernel's table of mounts, and whether it has changed.
 *
 * Guarantee: a mount makes the table differ before the call that mounted returns. So `mayDiffer` that comes after the
 * mount is true, once. proc(5): the open table has an exceptional condition after a change, which poll(2) tells.
 */
import { closeSync, openSync, readFileSync } from "node:fs";
import { koffi } from "../../vulkan/index.ts";

const TABLE = "/proc/self/mountinfo";

const POLLPRI = 0x2;
/** struct pollfd: a descriptor, the events that are asked for, and those that there are. */
const POLLFD_BYTES = 8;

/** Where a table of mounts comes from. Tests give one of their own. */
export interface MountSource {
  /** The table's text. */
  read(): string;
  /** May the text be another one than at the last call? */
  mayDiffer(): boolean;
  close(): void;
}

let poll: ((entries: Uint8Array, count: number, timeoutMs: number) => number) | undefined;

/** The mounts that this process sees. @throws EW_NO_VULKAN where no native code can be called */
export function kernelMounts(): MountSource {
  poll ??= koffi().load("libc.so.6").func("int poll(uint8_t *, unsigned long, int)") as NonNullable<
    typeof poll
  >;
  const ask = poll;
  let descriptor = openSync(TABLE, "r");
  const entry = Buffer.alloc(POLLFD_BYTES);
  entry.writeInt32LE(descriptor, 0);
  entry.writeInt16LE(POLLPRI, 4);
  return {
    read: () => readFileSync(TABLE, "latin1"),
    mayDiffer: () => ask(entry, 1, 0) !== 0,
    close: () => {
      if (descriptor >= 0) closeSync(descriptor);
      entry.writeInt32LE((descriptor = -1), 0); // poll leaves it out
    },
  };
}
