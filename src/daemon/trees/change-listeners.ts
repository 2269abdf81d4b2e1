/** Who wants to know that something changed below some paths. Paths inside are byte strings. */
import { realpathSync } from "node:fs";
import { inDirectory } from "../../search/index.ts";
import type { TreeScope } from "../hits/index.ts";
import { isIn } from "./directory.ts";

/** How often directories that are not watched are looked at where nobody searches. */
const LOOK_MS = 1000;

interface Listener {
  readonly roots: readonly string[];
  readonly onChange: () => void;
}

/** Listeners of one process. */
export class ChangeListeners {
  readonly #listeners = new Set<Listener>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /**
   * Hears of changes; several that come together are told once.
   * @param look is called again and again, for changes that come to light by looking
   * @returns ends it
   */
  hear({ paths, walk: { cwd } }: TreeScope, onChange: () => void, look: () => void): () => void {
    let isDue = false;
    const listener: Listener = {
      roots: (paths.length === 0 ? [cwd] : paths).flatMap((path) => realPathOf(inDirectory(cwd, path))),
      onChange: () => {
        if (isDue) return;
        isDue = true;
        setImmediate(() => {
          isDue = false;
          if (this.#listeners.has(listener)) onChange();
        });
      },
    };
    this.#listeners.add(listener);
    const timer = setInterval(look, LOOK_MS).unref();
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
      this.#listeners.delete(listener);
    };
  }

  /** Something changed in a directory. */
  tell(directory: string): void {
    for (const { roots, onChange } of this.#listeners)
      if (roots.some((root) => touches(directory, root))) onChange();
  }

  /** Nobody hears of anything any more. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.clear();
  }
}

function realPathOf(path: string): string[] {
  try {
    const real = realpathSync.native(path, "buffer").toString("latin1");
    return [real === "/" ? "" : real];
  } catch {
    return []; // it leads nowhere: nothing below it can change
  }
}

/** A directory lies below a root, is the root, or holds it: a file may be a root. */
function touches(directory: string, root: string): boolean {
  return isIn(directory, root) || isIn(root, directory);
}
