/**
 * How much address space this process may still take: `ulimit -v`. What needs more than there is can end the whole
 * process.
 */
import { readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** @returns Infinity where there is no limit, or none can be known */
export function spareAddressBytes(): number {
  if (process.platform !== "linux") return Infinity;
  try {
    const limit = /^Max address space +(\d+) /m.exec(readFileSync("/proc/self/limits", "latin1"));
    if (limit === null) return Infinity;
    return Number(limit[1]) - Number.parseInt(readFileSync("/proc/self/statm", "latin1"), 10) * PAGE_BYTES;
  } catch {
    return Infinity; // without /proc nothing can be known
  }
}
