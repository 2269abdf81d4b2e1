/** File types (`-t`, `-T`, `--type-add`, `--type-clear`, `--type-list`): named lists of globs on file names. */

import { EverwarpError } from "../../base/index.ts";
import { GlobSet } from "./glob-set.ts";
import { GlobSyntaxError } from "./glob.ts";
import { IGNORED, NO_RULE, WHITELISTED, type Verdict } from "./ignore-rules.ts";
import { TYPE_LIST } from "./type-list.ts";

/** One use of a type flag. Their order on the command line counts. */
export type TypeChange =
  /** `-t name` */
  | { kind: "select"; name: string }
  /** `-T name` */
  | { kind: "negate"; name: string }
  /** `--type-clear name` */
  | { kind: "clear"; name: string }
  /** `--type-add definition`: `name:glob` or `name:include:other,names` */
  | { kind: "add"; definition: string };

/** Decides whether a file's name has a wanted type. */
export class TypeMatcher {
  private readonly globs = new GlobSet();
  private readonly isNegated: boolean[] = [];
  private hasSelected = false;

  /** @throws EverwarpError EW_BAD_FLAG_VALUE with ripgrep's text */
  constructor(changes: readonly TypeChange[]) {
    const types = typeDefinitions(changes);
    for (const change of changes) {
      if (change.kind !== "select" && change.kind !== "negate") continue;
      // The name "all" means every type.
      const names = change.name === "all" ? [...types.keys()].sort() : [change.name];
      for (const name of names) {
        const globs = types.get(name);
        if (globs === undefined) throw badFlagValue(`unrecognized file type: ${name}`);
        for (const glob of globs) this.addGlob(glob, change.kind === "negate");
      }
      if (change.kind === "select") this.hasSelected = true;
    }
  }

  /** False if no type was wanted, so names need not be checked. */
  get isActive(): boolean {
    return this.globs.size > 0;
  }

  /** @param name the file's name, a byte string */
  verdict(name: string): Verdict {
    const index = this.globs.lastMatch(name, name, acceptAll);
    if (index >= 0) return this.isNegated[index] === true ? IGNORED : WHITELISTED;
    return this.hasSelected ? IGNORED : NO_RULE;
  }

  private addGlob(glob: string, negated: boolean): void {
    try {
      this.globs.add(glob, { ignoreCase: false, allowUnclosedClass: false });
    } catch (error) {
      if (!(error instanceof GlobSyntaxError)) throw error;
      throw badFlagValue(`error parsing glob '${glob}': ${error.message}`, error);
    }
    this.isNegated.push(negated);
  }
}

/** Lines of `--type-list`: `name: glob, glob`, names and globs sorted. */
export function typeListLines(changes: readonly TypeChange[] = []): string[] {
  return [...typeDefinitions(changes)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, globs]) => `${name}: ${[...globs].sort().join(", ")}`);
}

function typeDefinitions(changes: readonly TypeChange[]): Map<string, string[]> {
  const types = new Map<string, string[]>();
  for (const line of TYPE_LIST.trim().split("\n")) {
    const colon = line.indexOf(": ");
    types.set(line.slice(0, colon), line.slice(colon + 2).split(", "));
  }
  for (const change of changes) {
    if (change.kind === "clear") types.delete(change.name);
    else if (change.kind === "add") addDefinition(types, change.definition);
  }
  return types;
}

function addDefinition(types: Map<string, string[]>, definition: string): void {
  const parts = definition.split(":");
  const [name = "", second = "", third = ""] = parts;
  const invalid = badFlagValue("invalid definition (format is type:glob, e.g., html:*.html)");
  if (name === "all" || !/^[\p{Alphabetic}\p{N}]+$/u.test(name) || second === "") throw invalid;
  let globs: string[];
  if (parts.length === 2) globs = [second];
  else {
    if (parts.length !== 3 || second !== "include" || third === "") throw invalid;
    const included = third.split(",").map((type) => types.get(type));
    if (included.includes(undefined)) throw invalid;
    globs = included.flatMap((list) => list ?? []);
  }
  types.set(name, [...(types.get(name) ?? []), ...globs]);
}

const acceptAll = (): boolean => true;

const badFlagValue = (message: string, cause?: unknown): EverwarpError =>
  new EverwarpError("EW_BAD_FLAG_VALUE", message, { cause });
