/**
 * Many globs that are asked together for the last one that matches, as ignore files need it.
 *
 * Plain names, suffixes and whole paths are looked up in maps. The others run as regular expressions, behind
 * one joined expression that rejects nearly every path.
 */

import { compileGlob, GlobSyntaxError } from "./glob.ts";

/** A list of globs. Indices are in the order of `add`. Paths and names are byte strings (see glob.ts). */
export class GlobSet {
  private count = 0;
  private readonly names = new Map<string, number[]>();
  private readonly paths = new Map<string, number[]>();
  /** Suffixes like ".x" with one dot, by the text from the last dot on. */
  private readonly extensions = new Map<string, number[]>();
  private readonly suffixes: { suffix: string; index: number }[] = [];
  private readonly pathRegexps = new RegexpList();
  private readonly nameRegexps = new RegexpList();
  /** For names at the top, where the path is only a name. */
  private readonly topRegexps = new RegexpList();

  get size(): number {
    return this.count;
  }

  /** @throws GlobSyntaxError */
  add(glob: string, options: { ignoreCase: boolean; allowUnclosedClass: boolean }): void {
    const test = compileGlob(glob, options);
    const index = this.count++;
    if (test.kind === "name") append(this.names, test.text, index);
    else if (test.kind === "path") append(this.paths, test.text, index);
    else if (test.kind === "nameSuffix" && test.suffix.lastIndexOf(".") === 0) {
      append(this.extensions, test.suffix, index);
    } else if (test.kind === "nameSuffix") this.suffixes.push({ suffix: test.suffix, index });
    else if (test.kind === "regexp") this.pathRegexps.add(test.source, index);
    else (test.onlyTop ? this.topRegexps : this.nameRegexps).add(test.source, index);
  }

  /**
   * Index of the last glob that matches and that `accept` admits, or −1.
   *
   * @param path relative to the directory of the globs
   * @param name the path's last component
   */
  lastMatch(path: string, name: string, accept: (index: number) => boolean): number {
    let best = -1;
    if (this.names.size > 0) best = lastAccepted(this.names.get(name), best, accept);
    if (this.extensions.size > 0) {
      const dot = name.lastIndexOf(".");
      if (dot >= 0) best = lastAccepted(this.extensions.get(name.slice(dot)), best, accept);
    }
    if (this.paths.size > 0) best = lastAccepted(this.paths.get(path), best, accept);
    for (let i = this.suffixes.length - 1; i >= 0; i--) {
      const { suffix, index } = this.suffixes[i] as { suffix: string; index: number };
      if (index < best) break;
      if (name.endsWith(suffix) && accept(index)) {
        best = index;
        break;
      }
    }
    best = this.nameRegexps.lastMatch(name, best, accept);
    if (path.length === name.length) best = this.topRegexps.lastMatch(name, best, accept);
    return this.pathRegexps.lastMatch(path, best, accept);
  }
}

/**
 * Regular expressions in ascending order of their indices, behind one joined expression that rejects nearly
 * every path.
 */
class RegexpList {
  private readonly entries: { expression: RegExp; source: string; index: number }[] = [];
  private joined: RegExp | undefined;

  /** @throws GlobSyntaxError for a class whose bytes are not ranges, for example of multi-byte characters */
  add(source: string, index: number): void {
    try {
      this.entries.push({ expression: new RegExp(source, "s"), source, index });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new GlobSyntaxError(error.message, { cause: error });
    }
    this.joined = undefined;
  }

  /** Index of the last one that matches, if it is greater than `best`. Else `best`. */
  lastMatch(subject: string, best: number, accept: (index: number) => boolean): number {
    const { entries } = this;
    const last = entries[entries.length - 1];
    if (last === undefined || last.index < best) return best;
    if (entries.length > 1) {
      this.joined ??= new RegExp(entries.map((entry) => entry.source).join("|"), "s");
      if (!this.joined.test(subject)) return best;
    }
    for (let i = entries.length - 1; i >= 0; i--) {
      const { expression, index } = entries[i] as { expression: RegExp; index: number };
      if (index < best) return best;
      if (accept(index) && expression.test(subject)) return index;
    }
    return best;
  }
}

function append(map: Map<string, number[]>, key: string, index: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [index]);
  else list.push(index);
}

function lastAccepted(list: number[] | undefined, best: number, accept: (index: number) => boolean): number {
  if (list === undefined) return best;
  for (let i = list.length - 1; i >= 0; i--) {
    const index = list[i] as number;
    if (index <= best) return best;
    if (accept(index)) return index;
  }
  return best;
}
