/** `-g` and `--iglob`: globs on the command line. They win over every ignore file. */

import { EverwarpError } from "../../base/index.ts";
import { GlobSyntaxError } from "./glob.ts";
import { IGNORED, IgnoreRules, NO_RULE, WHITELISTED, type Verdict } from "./ignore-rules.ts";
import type { WalkOptions } from "./options.ts";

/** The globs have the syntax of ignore rules and the opposite meaning: a plain glob includes, "!" excludes. */
export class Overrides {
  private readonly rules = new IgnoreRules();
  private readonly letsIn: boolean;

  /** @throws EverwarpError EW_BAD_FLAG_VALUE with ripgrep's text */
  constructor(options: Pick<WalkOptions, "globs" | "iglobs" | "globCaseInsensitive">) {
    const add = (glob: string, ignoreCase: boolean): void => {
      try {
        this.rules.addLine(glob, { ignoreCase, allowUnclosedClass: false });
      } catch (error) {
        if (!(error instanceof GlobSyntaxError)) throw error;
        throw new EverwarpError("EW_BAD_FLAG_VALUE", error.message, { cause: error });
      }
    };
    for (const glob of options.globs ?? []) add(glob, options.globCaseInsensitive ?? false);
    for (const glob of options.iglobs ?? []) add(glob, true);
    this.letsIn = this.rules.size > this.rules.negated;
  }

  get isActive(): boolean {
    return this.rules.size > 0;
  }

  /** @param path byte string, relative to the working directory if it is below it */
  verdict(path: string, name: string, isDirectory: boolean): Verdict {
    switch (this.rules.verdict(path, name, isDirectory)) {
      case IGNORED:
        return WHITELISTED;
      case WHITELISTED:
        return IGNORED;
      default:
        // If there is a glob that includes files, a file that none includes is left out. Directories are
        // still entered.
        return this.letsIn && !isDirectory ? IGNORED : NO_RULE;
    }
  }
}
