/**
 * Files and directories that are not watched, and how they were.
 *
 * Guarantee: `isUnchanged` is true only where every path leads to what it led to before, with the same size and the
 * same times. Clocks of file systems are coarse, so a path that had changed just before its stamp was taken counts as
 * changed at the next look, and is stamped again.
 */
import { type Stats, statSync } from "node:fs";

/** A change that is younger than this when it is stamped could be followed by another one with the same time. */
const COARSE_MS = 50;

/** Where a path leads, in one number text; "" where it leads nowhere. */
export interface Stamp {
  readonly text: string;
  /** The stamp says nothing about what came right after it. */
  readonly isFresh: boolean;
}

/** What is there, with its size and its times. */
export function stampText({ dev, ino, mode, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${mode} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** See the head of this file. */
export class StampSet {
  readonly #stamps = new Map<string, Stamp>();
  readonly #stampOf: (path: string) => Stamp;

  /** @param stampOf how a path is now. Who compares many sets at a time looks at each path once */
  constructor(stampOf: (path: string) => Stamp = pathStamp) {
    this.#stampOf = stampOf;
  }

  /** Remembers how a path is now, unless it is known already. @param path a byte string */
  add(path: string): void {
    if (!this.#stamps.has(path)) this.#stamps.set(path, this.#stampOf(path));
  }

  /** Is every path as it was? */
  isUnchanged(): boolean {
    for (const [path, known] of this.#stamps) {
      const now = this.#stampOf(path);
      if (now.text === known.text && !known.isFresh) continue;
      this.#stamps.set(path, now);
      return false;
    }
    return true;
  }

  /** Forgets every path. */
  clear(): void {
    this.#stamps.clear();
  }
}

/** How a path is now. @param clockMs the time of day; for tests */
export function pathStamp(path: string, clockMs: () => number = Date.now): Stamp {
  try {
    const stats = statSync(Buffer.from(path, "latin1"), { throwIfNoEntry: false });
    if (stats === undefined) return { text: "", isFresh: false };
    return { text: stampText(stats), isFresh: stats.ctimeMs > clockMs() - COARSE_MS };
  } catch (error) {
    // What cannot be reached stays out of reach for the walk too, until this changes.
    return { text: (error as NodeJS.ErrnoException).code ?? "unknown", isFresh: false };
  }
}
