/**
 * The address space that this process may still take (`ulimit -v`). An allocation beyond the limit can kill the
 * process.
 */
import { readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** @returns Infinity if there is no limit, or the limit is unknown */
export function spareAddressBytes(): number {
  if (process.platform !== "linux") return Infinity;
  try {
    const limit = /^Max address space +(\d+) /m.exec(readFileSync("/proc/self/limits", "latin1"));
    if (limit === null) return Infinity;
    return Number(limit[1]) - Number.parseInt(readFileSync("/proc/self/statm", "latin1"), 10) * PAGE_BYTES;
  } catch {
    return Infinity; // without /proc, the limit is unknown
  }
}
