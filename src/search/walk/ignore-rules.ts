/**
 * The lines of one ignore file (or the `-g` globs, which are written the same way) as rules that are asked by path.
 */

import { GlobSet } from "./glob-set.ts";
import { GlobSyntaxError } from "./glob.ts";

/** What a rule says about a path. */
export const NO_RULE = 0;
export const IGNORED = 1;
export const WHITELISTED = 2;
export type Verdict = typeof NO_RULE | typeof IGNORED | typeof WHITELISTED;

export interface IgnoreRulesOptions {
  ignoreCase?: boolean;
  /** Ignore files let a "[" without "]" stand for itself; `-g` does not. Default true. */
  allowUnclosedClass?: boolean;
}

/** Rules in the order of the lines; the last one that matches a path decides. */
export class IgnoreRules {
  private readonly globs = new GlobSet();
  private readonly isNegated: boolean[] = [];
  private readonly isDirectoryOnly: boolean[] = [];
  private anyDirectoryOnly = false;
  private negatedCount = 0;

  get size(): number {
    return this.globs.size;
  }

  /** How many lines start with "!". */
  get negated(): number {
    return this.negatedCount;
  }

  /**
   * Adds one line. Comments and blank lines add nothing.
   *
   * @throws GlobSyntaxError with ripgrep's text, the line quoted in it
   */
  addLine(text: string, options: IgnoreRulesOptions = {}): void {
    if (text.startsWith("#")) return;
    let line = text.endsWith("\\ ") ? text : trimRight(text);
    if (line === "") return;
    const original = line;
    let negated = false;
    let anchored = false;
    let directoryOnly = false;
    if (line.startsWith("\\!") || line.startsWith("\\#")) {
      line = line.slice(1);
    } else {
      if (line.startsWith("!")) {
        negated = true;
        line = line.slice(1);
      }
      if (line.startsWith("/")) {
        anchored = true;
        line = line.slice(1);
      }
    }
    if (line.endsWith("/")) {
      directoryOnly = true;
      line = line.slice(0, -1);
      if (line.endsWith("\\")) line = line.slice(0, -1);
    }
    if (!anchored && !line.includes("/") && line !== "**") line = `**/${line}`;
    if (line.endsWith("/**")) line = `${line}/*`; // all that is inside, and not the directory itself
    try {
      this.globs.add(line, {
        ignoreCase: options.ignoreCase ?? false,
        allowUnclosedClass: options.allowUnclosedClass ?? true,
      });
    } catch (error) {
      if (!(error instanceof GlobSyntaxError)) throw error;
      throw new GlobSyntaxError(`error parsing glob '${original}': ${error.message}`, { cause: error });
    }
    this.isNegated.push(negated);
    this.isDirectoryOnly.push(directoryOnly);
    this.anyDirectoryOnly ||= directoryOnly;
    if (negated) this.negatedCount++;
  }

  /**
   * @param path byte string, relative to the directory that the rules belong to
   * @param name its last component
   */
  verdict(path: string, name: string, isDirectory: boolean): Verdict {
    const index = this.globs.lastMatch(
      path,
      name,
      isDirectory || !this.anyDirectoryOnly ? acceptAll : this.acceptFile,
    );
    return index < 0 ? NO_RULE : this.isNegated[index] === true ? WHITELISTED : IGNORED;
  }

  private readonly acceptFile = (index: number): boolean => this.isDirectoryOnly[index] === false;
}

const acceptAll = (): boolean => true;

/** Unicode White_Space at the end goes, as Rust's trim_end has it (JavaScript's trims U+FEFF too, and not U+0085). */
function trimRight(line: string): string {
  return line.replace(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/, "");
}
