/** A file that a device has searched, read once more to be printed. */
import { closeSync, fstatSync } from "node:fs";
import { openAtOnce, placeOf, readDescriptor, systemErrorText } from "../content/index.ts";
import type { FoundFile } from "../contracts.ts";
import { loadedStamp, type Placement, sameStamp, stampOf } from "../corpus/index.ts";

/** A file's bytes as they are; undefined where it is not the file that was loaded, or cannot be read. */
export function readUnchanged(
  file: FoundFile,
  placement: Placement,
  index: number,
  directory: string | undefined,
): Buffer | undefined {
  let descriptor = -1;
  try {
    descriptor = openAtOnce(placeOf(file, directory));
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || !sameStamp(stampOf(stats), loadedStamp(placement, index))) return undefined;
    const bytes = Buffer.allocUnsafeSlow(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const count = readDescriptor(descriptor, bytes, length, bytes.length - length);
      if (count === 0) return undefined; // it was cut just now
      length += count;
    }
    // Files of /proc tell a size of 0 and have content.
    return length === placement.length[index] ? bytes : undefined;
  } catch (error) {
    if (systemErrorText(error) === undefined) throw error;
    return undefined; // the search opens it itself, and tells what is wrong with it
  } finally {
    if (descriptor !== -1) closeSync(descriptor);
  }
}
