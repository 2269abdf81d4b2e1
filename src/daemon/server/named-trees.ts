/**
 * The trees that the user named. Nothing else is searched for a client.
 *
 * Guarantee: what is held lies in a named tree when every link on its way is followed, at the time of the question.
 */
import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Trees by their real paths. */
export class NamedTrees {
  readonly #trees: string[] = [];

  /** The real paths of all trees. */
  get all(): readonly string[] {
    return this.#trees;
  }

  /**
   * Adds a tree. A file names the folder that it lies in.
   * @returns its real path; undefined where a named tree has it already
   * @throws the system's error for a path that leads nowhere
   */
  add(path: string): string | undefined {
    const named = realpathSync.native(path);
    const real = statSync(named).isDirectory() ? named : dirname(named);
    if (this.#has(real)) return undefined;
    this.#trees.push(real);
    return real;
  }

  /** Whether all paths exist and lie in named trees. */
  hold(paths: readonly string[]): boolean {
    return paths.every((path) => {
      try {
        return this.#has(realpathSync.native(path));
      } catch {
        return false; // the client meets the same error when it searches, and tells it
      }
    });
  }

  #has(real: string): boolean {
    return this.#trees.some((tree) => real === tree || real.startsWith(tree === "/" ? tree : `${tree}/`));
  }
}
