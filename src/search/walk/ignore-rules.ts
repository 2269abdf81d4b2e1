/** The rules of one ignore file, or of the `-g` globs, which have the same syntax. */

import { GlobSet } from "./glob-set.ts";
import { GlobSyntaxError } from "./glob.ts";

/** No rule matches the path. */
export const NO_RULE = 0;
/** A rule ignores the path. */
export const IGNORED = 1;
/** A rule with "!" keeps the path. */
export const WHITELISTED = 2;
/** What rules say about a path. */
export type Verdict = typeof NO_RULE | typeof IGNORED | typeof WHITELISTED;

/** How rules are read. */
export interface IgnoreRulesOptions {
  ignoreCase?: boolean;
  /** In ignore files, a "[" without "]" is an ordinary character. In `-g`, it is an error. Default: true. */
  allowUnclosedClass?: boolean;
}

/** Rules in the order of their lines. The last one that matches a path decides. */
export class IgnoreRules {
  private readonly globs = new GlobSet();
  private readonly isNegated: boolean[] = [];
  private readonly isDirectoryOnly: boolean[] = [];
  private anyDirectoryOnly = false;
  private negatedCount = 0;

  get size(): number {
    return this.globs.size;
  }

  /** Number of lines that start with "!". */
  get negated(): number {
    return this.negatedCount;
  }

  /**
   * Adds one line. Comments and blank lines add nothing.
   *
   * @throws GlobSyntaxError with ripgrep's text, which quotes the line
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
   * The verdict about a path.
   * @param path byte string, relative to the directory of the rules
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

/**
 * Removes Unicode White_Space at the end, like Rust's trim_end. JavaScript's trimEnd also removes U+FEFF, and
 * not U+0085.
 */
function trimRight(line: string): string {
  return line.replace(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/, "");
}
