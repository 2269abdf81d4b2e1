/** Globs on the command line that choose among paths, outside of a walk. */
import { toByteString } from "./glob.ts";
import { IGNORED } from "./ignore-rules.ts";
import { Overrides } from "./overrides.ts";
import { WorkingDirectory } from "./working-directory.ts";

/** Globs as those of -g: a plain one lets paths in, "!" keeps them out, and without any glob all are let in. */
export class PathGlobs {
  readonly #overrides: Overrides;
  readonly #prefix = new WorkingDirectory().prefix;

  /** @throws EW_BAD_FLAG_VALUE with ripgrep's text */
  constructor(globs: readonly string[]) {
    this.#overrides = new Overrides({ globs });
  }

  /** @param path a file's, as byte text */
  letIn(path: string): boolean {
    if (!this.#overrides.isActive) return true;
    let bytes = toByteString(path);
    if (bytes.startsWith("./")) bytes = bytes.slice(2);
    else if (this.#prefix !== undefined && bytes.startsWith(this.#prefix))
      bytes = bytes.slice(this.#prefix.length);
    return this.#overrides.verdict(bytes, bytes.slice(bytes.lastIndexOf("/") + 1), false) !== IGNORED;
  }
}
