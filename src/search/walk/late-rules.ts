/** The ignore rules that count after all files in the tree: git's global excludes and `--ignore-file`. */
import { readFileSync, statSync } from "node:fs";
import { bytesOfText, holdsBytes, lossyText } from "../../base/index.ts";
import { addIgnoreFile, globalExcludesPath, isMissing } from "./ignore-files.ts";
import { toByteString } from "./glob.ts";
import { IgnoreRules, NO_RULE, type Verdict } from "./ignore-rules.ts";
import type { WalkOptions } from "./options.ts";
import type { WalkSource } from "./walk-source.ts";
import type { WorkingDirectory } from "./working-directory.ts";

/** Reads the rules once, and gives their verdict about paths. */
export class LateRules {
  /** Git's global excludes. They count before the named files, and only inside a repository. */
  private readonly globalRules = new IgnoreRules();
  /** The files of `--ignore-file`, the last one first. */
  private readonly namedRules: IgnoreRules[] = [];

  /** @param report gets ripgrep's text about a named file that cannot be read, and about lines that do not parse */
  constructor(
    options: WalkOptions,
    directory: WorkingDirectory,
    source: WalkSource,
    report: (path: string, message: string, error: unknown) => void,
  ) {
    if (options.noIgnoreVcs !== true && options.noIgnoreGlobal !== true)
      this.readGlobalExcludes(options, source);
    if (options.noIgnoreFiles === true) return;
    for (const path of options.ignoreFiles ?? []) {
      const rules = new IgnoreRules();
      const place = holdsBytes(path) ? directory.resolveBytes(bytesOfText(path)) : directory.resolve(path);
      source.consults(typeof place === "string" ? toByteString(place) : place.toString("latin1"));
      const onProblem = (message: string, error: unknown): void => report(path, message, error);
      addIgnoreFile(rules, place, lossyText(path), {}, onProblem, (named) => readFileSync(named));
      if (rules.size > 0) this.namedRules.unshift(rules);
    }
  }

  /** False if there are no rules, so no path needs to be composed. */
  get isActive(): boolean {
    return this.globalRules.size > 0 || this.namedRules.length > 0;
  }

  /** @param path byte string, relative to the working directory if it is below it */
  verdict(path: string, name: string, isDirectory: boolean, inRepository: boolean): Verdict {
    let verdict: Verdict = NO_RULE;
    if (inRepository && this.globalRules.size > 0)
      verdict = this.globalRules.verdict(path, name, isDirectory);
    for (let i = 0; i < this.namedRules.length && verdict === NO_RULE; i++)
      verdict = (this.namedRules[i] as IgnoreRules).verdict(path, name, isDirectory);
    return verdict;
  }

  private readGlobalExcludes(
    { environment, ignoreFileCaseInsensitive }: WalkOptions,
    source: WalkSource,
  ): void {
    const consults = (path: string): void => source.consults(toByteString(path));
    const file = globalExcludesPath(environment, consults);
    consults(file);
    const ignoreCase = ignoreFileCaseInsensitive ?? false;
    try {
      if (statSync(file).isFile()) addIgnoreFile(this.globalRules, file, file, { ignoreCase }, () => {});
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}
