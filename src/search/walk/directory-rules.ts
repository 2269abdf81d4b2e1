/**
 * The ignore rules of one directory.
 *
 * Invariants: a `DirectoryRules` never changes. So children share it, and a directory without ignore files
 * has its parent's object. Each chain runs from the innermost directory outwards. A link knows how many units
 * of an absolute path come before the part that is relative to the directory of its file. The git chains end
 * at the first repository root on the way out.
 *
 *   /home/me/.ignore    ◀── dot ── /home/me/tree/.ignore    ◀── dot ── /home/me/tree/src/.ignore
 */

import { existsSync, lstatSync, statSync } from "node:fs";
import type { Entry } from "./entries.ts";
import { GlobSyntaxError, toByteString } from "./glob.ts";
import { addIgnoreFile, fromByteString, gitCommonDirectory, isMissing } from "./ignore-files.ts";
import { IgnoreRules, NO_RULE, type Verdict } from "./ignore-rules.ts";
import type { WalkOptions } from "./options.ts";
import type { WalkSource } from "./walk-source.ts";

interface Link {
  rules: IgnoreRules;
  /** Units of the absolute path that come before the part that is relative to the rules. */
  cut: number;
  outer: Link | undefined;
}

/**
 * The chains of rules. Precedence is the order of the fields: .rgignore over .ignore over .gitignore over
 * info/exclude.
 */
export interface DirectoryRules {
  readonly rgignore: Link | undefined;
  readonly dot: Link | undefined;
  readonly git: Link | undefined;
  readonly exclude: Link | undefined;
  /** The directory is inside a git repository, so git's rules count. */
  readonly inRepository: boolean;
}

/** Which files with rules a directory has. */
export interface RuleFilesPresent {
  rgignore: boolean;
  ignore: boolean;
  gitignore: boolean;
  git: boolean;
  jj: boolean;
}

/** The rules above every directory. */
export function outermostRules(options: WalkOptions): DirectoryRules {
  return {
    rgignore: undefined,
    dot: undefined,
    git: undefined,
    exclude: undefined,
    inRepository: options.requireGit === false,
  };
}

/**
 * Looks for rule files in a directory without listing it. The directory is an absolute byte string without a
 * final "/".
 */
export function probeRuleFiles(absolute: string, source: WalkSource): RuleFilesPresent {
  const has = (name: string): boolean => {
    source.consults(`${absolute}/${name}`);
    return existsSync(fromByteString(`${absolute}/${name}`));
  };
  return {
    rgignore: has(".rgignore"),
    ignore: has(".ignore"),
    gitignore: has(".gitignore"),
    git: has(".git"),
    jj: has(".jj"),
  };
}

/**
 * The rules inside a directory whose parent's rules are `outer`.
 *
 * @param shown the directory's name in messages
 * @param absolute its absolute path as a byte string without a final "/" ("" for the root of the file system)
 * @param isAbove the directory is above what the user named. Its files count only without `noIgnoreParent`
 */
export function enterDirectory(
  outer: DirectoryRules,
  present: RuleFilesPresent,
  { shown, absolute, isAbove }: { shown: string; absolute: string; isAbove: boolean },
  options: WalkOptions,
  source: WalkSource,
  onProblem: (message: string, error: unknown) => void,
): DirectoryRules {
  const wantsFiles = !(isAbove && options.noIgnoreParent === true);
  const wantsDot = wantsFiles && options.noIgnoreDot !== true;
  const wantsGit = options.noIgnoreVcs !== true;
  const isRepository =
    wantsGit && options.requireGit !== false && (present.jj || (present.git && exists(`${absolute}/.git`)));

  const link = (outerLink: Link | undefined, file: string, shownFile: string): Link | undefined => {
    const rules = new IgnoreRules();
    // A link, or another name of the file, leads out of the directory.
    if (isNamedElsewhere(file)) source.consults(file);
    addIgnoreFile(
      rules,
      fromByteString(file),
      shownFile,
      { ignoreCase: options.ignoreFileCaseInsensitive ?? false },
      // As in ripgrep, a file in the tree that cannot be read is not an ignore file. Only a rule that does
      // not parse is reported.
      (message, error) => {
        if (error instanceof GlobSyntaxError) onProblem(message, error);
      },
    );
    return rules.size === 0 ? outerLink : { rules, cut: absolute.length + 1, outer: outerLink };
  };
  const linkHere = (outerLink: Link | undefined, name: string): Link | undefined =>
    link(
      outerLink,
      `${absolute}/${name}`,
      shown.endsWith("/") || shown === "" ? shown + name : `${shown}/${name}`,
    );

  let { rgignore, dot, git, exclude } = outer;
  if (wantsDot && present.rgignore) rgignore = linkHere(rgignore, ".rgignore");
  if (wantsDot && present.ignore) dot = linkHere(dot, ".ignore");
  if (isRepository) {
    git = undefined;
    exclude = undefined;
  }
  if (wantsFiles && wantsGit && present.gitignore) git = linkHere(git, ".gitignore");
  if (wantsFiles && wantsGit && options.noIgnoreExclude !== true && present.git) {
    const file = excludeFile(absolute, source);
    if (file === `${absolute}/.git/info/exclude`) exclude = linkHere(exclude, ".git/info/exclude");
    else if (file !== undefined) exclude = link(exclude, file, file);
  }
  const inRepository = outer.inRepository || isRepository;
  const same =
    rgignore === outer.rgignore &&
    dot === outer.dot &&
    git === outer.git &&
    exclude === outer.exclude &&
    inRepository === outer.inRepository;
  return same ? outer : { rgignore, dot, git, exclude, inRepository };
}

/** The `info/exclude` of the repository or linked worktree at `absolute`, if it exists. */
function excludeFile(absolute: string, source: WalkSource): string | undefined {
  const common = gitCommonDirectory(absolute, (path) => source.consults(path));
  if (common === undefined) return undefined;
  const file = `${common}/info/exclude`;
  source.consults(file);
  return existsSync(fromByteString(file)) ? file : undefined;
}

/**
 * The verdict of the files about an entry. The first chain with a rule for it decides, and in the chain the
 * innermost link.
 *
 * @param absolute the entry's absolute path, a byte string
 */
export function fileVerdict(
  rules: DirectoryRules,
  absolute: string,
  name: string,
  isDirectory: boolean,
): Verdict {
  let verdict: Verdict = chainVerdict(rules.rgignore, absolute, name, isDirectory);
  if (verdict === NO_RULE) verdict = chainVerdict(rules.dot, absolute, name, isDirectory);
  if (verdict === NO_RULE && rules.inRepository) {
    verdict = chainVerdict(rules.git, absolute, name, isDirectory);
    if (verdict === NO_RULE) verdict = chainVerdict(rules.exclude, absolute, name, isDirectory);
  }
  return verdict;
}

function chainVerdict(
  chain: Link | undefined,
  absolute: string,
  name: string,
  isDirectory: boolean,
): Verdict {
  for (let link = chain; link !== undefined; link = link.outer) {
    const verdict = link.rules.verdict(absolute.slice(link.cut), name, isDirectory);
    if (verdict !== NO_RULE) return verdict;
  }
  return NO_RULE;
}

/** Is it a link, or a file with several names? Then it may change without a change in its directory. */
function isNamedElsewhere(path: string): boolean {
  try {
    const stats = lstatSync(fromByteString(path), { throwIfNoEntry: false });
    return stats !== undefined && (!stats.isFile() || stats.nlink > 1);
  } catch {
    return true; // it cannot be examined, which may change too
  }
}

/** Follows links, so a `.git` that leads nowhere does not exist. */
function exists(path: string): boolean {
  try {
    statSync(fromByteString(path));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The absolute path as a byte string without a final "/". */
export function absoluteKey(path: string): string {
  return toByteString(path === "/" ? "" : path.endsWith("/") ? path.slice(0, -1) : path);
}

/** Which files with rules are among these entries. */
export function presentIn(entries: readonly Entry[]): RuleFilesPresent {
  const present = { rgignore: false, ignore: false, gitignore: false, git: false, jj: false };
  for (const { name } of entries) {
    if (name.charCodeAt(0) !== 46) continue;
    if (name === ".gitignore") present.gitignore = true;
    else if (name === ".git") present.git = true;
    else if (name === ".ignore") present.ignore = true;
    else if (name === ".rgignore") present.rgignore = true;
    else if (name === ".jj") present.jj = true;
  }
  return present;
}

/** Is there no file with rules? */
export const hasNoRules = (present: RuleFilesPresent): boolean =>
  !present.rgignore && !present.ignore && !present.gitignore && !present.git && !present.jj;
