/** Calls of inotify that lose events, or refuse watches, as the kernel does at its limits. */
import { INOTIFY, type NativeInotify, nativeInotify } from "../../src/daemon/watch/index.ts";

const ENOSPC = 28;
const HEAD_BYTES = 16;

/** The kernel's queue was full: what came is lost, and one event says so. @param isLost decides for each read */
export function losingInotify(isLost: () => boolean): NativeInotify {
  const native = nativeInotify();
  return {
    ...native,
    read(descriptor, into) {
      const length = native.read(descriptor, into);
      if (length <= 0 || !isLost()) return length;
      into.fill(0, 0, HEAD_BYTES);
      into.writeInt32LE(-1, 0);
      into.writeUInt32LE(INOTIFY.OVERFLOW, 4);
      return HEAD_BYTES;
    },
  };
}

/** The kernel gives no more than some watches. */
export function fewWatches(count: number): NativeInotify {
  const native = nativeInotify();
  let given = 0;
  return {
    ...native,
    add: (descriptor, path, mask) => (given++ < count ? native.add(descriptor, path, mask) : -ENOSPC),
  };
}
