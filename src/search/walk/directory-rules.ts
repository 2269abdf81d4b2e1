/**
 * The ignore rules that hold inside one directory.
 *
 * Invariants: a `DirectoryRules` never changes, so children share it and a directory without ignore files *is* its parent's rules.
 * Each chain runs from the innermost directory outwards; a link knows how many units of an absolute path to cut so that the rest
 * is relative to the directory whose file it was read from. The git chains end at the first repository root on the way out.
 *
 *   /home/me/.ignore    ◀── dot ── /home/me/tree/.ignore    ◀── dot ── /home/me/tree/src/.ignore
 */

import { existsSync, statSync } from "node:fs";
import { GlobSyntaxError, toByteString } from "./glob.ts";
import { addIgnoreFile, fromByteString, gitCommonDirectory, isMissing } from "./ignore-files.ts";
import { IgnoreRules, NO_RULE, type Verdict } from "./ignore-rules.ts";
import type { WalkOptions } from "./options.ts";

interface Link {
  rules: IgnoreRules;
  /** Units of the absolute path that come before the part that is relative to the rules. */
  cut: number;
  outer: Link | undefined;
}

/** Precedence is the order of the fields: .rgignore over .ignore over .gitignore over info/exclude. */
export interface DirectoryRules {
  readonly rgignore: Link | undefined;
  readonly dot: Link | undefined;
  readonly git: Link | undefined;
  readonly exclude: Link | undefined;
  /** Inside of a git repository, so that git's rules count. */
  readonly inRepository: boolean;
}

/** Names of entries that bear on the rules of their directory. */
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

/** Looks for rule files in a directory (absolute, a byte string without a final "/") without listing it. */
export function probeRuleFiles(absolute: string): RuleFilesPresent {
  const has = (name: string): boolean => existsSync(fromByteString(`${absolute}/${name}`));
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
 * @param shown the directory in messages
 * @param absolute its absolute path as a byte string, without a final "/" (so "" for the root of the file system)
 * @param isAbove the directory lies above what the user named: its files count only without `noIgnoreParent`
 */
export function enterDirectory(
  outer: DirectoryRules,
  present: RuleFilesPresent,
  { shown, absolute, isAbove }: { shown: string; absolute: string; isAbove: boolean },
  options: WalkOptions,
  onProblem: (message: string, error: unknown) => void,
): DirectoryRules {
  const wantsFiles = !(isAbove && options.noIgnoreParent === true);
  const wantsDot = wantsFiles && options.noIgnoreDot !== true;
  const wantsGit = options.noIgnoreVcs !== true;
  const isRepository =
    wantsGit && options.requireGit !== false && (present.jj || (present.git && exists(`${absolute}/.git`)));

  const link = (outerLink: Link | undefined, file: string, shownFile: string): Link | undefined => {
    const rules = new IgnoreRules();
    addIgnoreFile(
      rules,
      fromByteString(file),
      shownFile,
      { ignoreCase: options.ignoreFileCaseInsensitive ?? false },
      // As in ripgrep, what lies in the tree and cannot be read is no ignore file; only a rule that does not parse is told of.
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
    const common = gitCommonDirectory(absolute);
    if (common !== undefined) {
      const file = `${common}/info/exclude`;
      if (existsSync(fromByteString(file))) {
        exclude =
          common === `${absolute}/.git` ? linkHere(exclude, ".git/info/exclude") : link(exclude, file, file);
      }
    }
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

/**
 * What the files say about an entry: the first chain with an opinion decides, in it the innermost link.
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

/** Follows links, so a `.git` that leads nowhere is none. */
function exists(path: string): boolean {
  try {
    statSync(fromByteString(path));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Absolute path as a byte string without the final "/". */
export function absoluteKey(path: string): string {
  return toByteString(path === "/" ? "" : path.endsWith("/") ? path.slice(0, -1) : path);
}
