/**
 * Visits directories one at a time, so that several threads can share a walk.
 *
 * Invariants: a `DirectoryJob` is plain data with everything that a visitor in another thread needs. If a
 * visitor has not kept the rules of a directory, it builds them again from the files above. Visiting is
 * synchronous.
 */

import { statSync, type Stats } from "node:fs";
import { bytesOfText, holdsBytes, lossyText } from "../../base/index.ts";
import type { FoundFile } from "../contracts.ts";
import {
  enterDirectory,
  hasNoRules,
  presentIn,
  fileVerdict,
  outermostRules,
  probeRuleFiles,
  type DirectoryRules,
  type RuleFilesPresent,
} from "./directory-rules.ts";
import { type DirectoryJob, keyOf, shownPath, SLASH, withSlash } from "./directory-job.ts";
import { sortEntries, type Entry } from "./entries.ts";
import { toByteString } from "./glob.ts";
import { fromByteString } from "./ignore-files.ts";
import { LateRules } from "./late-rules.ts";
import { IGNORED, NO_RULE, type Verdict } from "./ignore-rules.ts";
import type { FileIdentity, WalkOptions } from "./options.ts";
import { Overrides } from "./overrides.ts";
import { TypeMatcher } from "./types.ts";
import { DISK, type WalkSource } from "./walk-source.ts";
import { ioErrorText } from "../content/index.ts";
import { WorkingDirectory } from "./working-directory.ts";

export type { DirectoryJob } from "./directory-job.ts";

/** A file or directory below the one that is visited, in the order of the listing. */
export interface VisitSink {
  onFile(file: FoundFile): void;
  onDirectory(job: DirectoryJob): void;
}

/** Lists directories and decides what of them is searched. */
export class DirectoryVisitor {
  private readonly options: WalkOptions;
  private readonly source: WalkSource;
  private readonly directory: WorkingDirectory;
  private readonly overrides: Overrides;
  private readonly types: TypeMatcher;
  private readonly outermost: DirectoryRules;
  /** The rules that count after those of every file in the tree. */
  private readonly lateRules: LateRules;
  /** Rules inside the directories so far, by named path and place. */
  private readonly kept = new Map<string, DirectoryRules>();

  /** @throws EverwarpError EW_BAD_FLAG_VALUE for a glob or a type that does not parse */
  constructor(options: WalkOptions = {}, source: WalkSource = DISK) {
    this.options = options;
    this.source = source;
    this.directory = new WorkingDirectory(options.cwd);
    this.types = new TypeMatcher(options.types ?? []);
    this.overrides = new Overrides(options);
    this.outermost = outermostRules(options);
    this.lateRules = new LateRules(options, this.directory, source, (path, message, error) =>
      this.reportRules(path, message, error),
    );
  }

  /**
   * Sorts what the user named: files go to the sink at once, directories become jobs. No path at all means
   * the working directory, and paths in it come without "./".
   */
  roots(paths: readonly string[], sink: VisitSink): void {
    if (paths.length === 0) this.root(undefined, sink, true);
    for (const path of paths) this.root(path, sink, paths.length === 1);
  }

  /** One of the named paths. `isOnly`: there is no other. */
  root(named: string | undefined, sink: VisitSink, isOnly: boolean): void {
    // In ripgrep, the single-threaded walk has other error texts. ripgrep uses that walk for a sorted search
    // and for one file.
    const inWalkdirWords = isOnly || this.options.sort !== undefined;
    const path = lossyText(named ?? "");
    const shown = named === undefined ? "./" : path;
    const pathBytes = named !== undefined && holdsBytes(named) ? bytesOfText(named) : undefined;
    const bytes = pathBytes === undefined ? {} : { pathBytes };
    // The empty name leads nowhere.
    const place = named === "" ? "" : this.systemLike(path, pathBytes);
    let stats: Stats;
    try {
      stats = statSync(place);
    } catch (error) {
      return this.report(shown, error, inWalkdirWords);
    }
    if (!stats.isDirectory()) return sink.onFile({ path, ...bytes, explicit: true });
    let rootAbsolute: string;
    try {
      rootAbsolute = this.directory.realPath(place);
    } catch (error) {
      return this.report(shown, error, inWalkdirWords);
    }
    sink.onDirectory({
      path,
      ...bytes,
      root: named ?? "",
      rootAbsolute,
      depth: 0,
      ...(this.options.oneFileSystem === true ? { device: stats.dev } : {}),
    });
  }

  /** Forgets the rules inside a directory of a walk and inside all that is below it. They are read again. */
  forgetRules(job: DirectoryJob): void {
    const key = keyOf(job);
    const below = job.path === "" || key.endsWith("/") ? key : `${key}/`;
    const lossy = `${job.root}\0\0`; // names that are not UTF-8 are rare, so all of them are forgotten
    for (const each of this.kept.keys())
      if (each === key || each.startsWith(below) || each.startsWith(lossy)) this.kept.delete(each);
  }

  /** The absolute path of a directory, a byte string without a final "/". */
  absoluteOf(job: DirectoryJob): string {
    return job.rootAbsolute + this.below(job);
  }

  /** Lists one directory. Errors go to `onError`. */
  visit(job: DirectoryJob, sink: VisitSink): void {
    if (this.options.maxDepth !== undefined && job.depth >= this.options.maxDepth) return;
    const place =
      job.pathBytes === undefined
        ? this.directory.resolve(job.path)
        : this.directory.resolveBytes(job.pathBytes);
    const absolute = this.absoluteOf(job);
    let entries: Entry[];
    try {
      entries = this.source.entries(place, absolute, this.options.sort === "directory");
    } catch (error) {
      return this.report(shownPath(job.path, job.root), error, this.options.sort !== undefined);
    }
    if (this.options.sort === "path") sortEntries(entries);
    const rules = this.rulesInside(job, absolute, presentIn(entries));
    const prefix = job.path === "" || job.path.endsWith("/") ? job.path : `${job.path}/`;
    const matchPrefix = this.matchPrefix(job, prefix);
    for (const entry of entries) this.entry(job, entry, { rules, prefix, matchPrefix, absolute }, sink);
  }

  private entry(
    job: DirectoryJob,
    entry: Entry,
    inside: { rules: DirectoryRules; prefix: string; matchPrefix: string; absolute: string },
    sink: VisitSink,
  ): void {
    let kind = entry.kind;
    const path = inside.prefix + entry.name;
    const pathBytes = this.entryBytes(job, inside.prefix, entry);
    const skip = (reason: string): void => this.options.onSkipped?.(shownPath(path, job.root), reason);
    if (kind === "link") {
      if (this.options.follow !== true) return skip("it is a symbolic link, and -L is not given");
      const target = this.followLink(job, path, pathBytes);
      if (target === undefined) return;
      kind = target;
    }
    if (kind === "other") return skip("it is neither a file nor a directory");
    const isDirectory = kind === "directory";
    const name =
      entry.nameBytes === undefined ? toByteString(entry.name) : entry.nameBytes.toString("latin1");
    const verdict = this.verdict(inside, name, isDirectory);
    if (verdict === IGNORED) return skip(this.reason(inside, name, isDirectory));
    if (verdict === NO_RULE && this.options.hidden !== true && name.startsWith("."))
      return skip("it is hidden, and --hidden is not given");
    if (isDirectory) {
      const { root, rootAbsolute, depth, device } = job;
      // An entry that cannot be examined is reported when it is visited.
      if (device !== undefined && (this.statsOf(path, pathBytes)?.dev ?? device) !== device)
        return skip("it is in another file system");
      sink.onDirectory({
        path,
        ...(pathBytes === undefined ? {} : { pathBytes }),
        root,
        rootAbsolute,
        depth: depth + 1,
        ...(device === undefined ? {} : { device }),
      });
      return;
    }
    const { skippedFile, maxFilesizeBytes } = this.options;
    if (skippedFile !== undefined && this.isFile(skippedFile, path, pathBytes))
      return skip("it is the file that the output goes to");
    if (maxFilesizeBytes !== undefined && !this.isSmallEnough(path, pathBytes))
      return skip(`it has more than ${maxFilesizeBytes} bytes`);
    sink.onFile(pathBytes === undefined ? { path, explicit: false } : { path, pathBytes, explicit: false });
  }

  /**
   * Overrides decide alone. Without one, an entry that a file or a type ignores is left out. An entry that a
   * file or a type wants is kept even if it is hidden.
   */
  private verdict(
    inside: { rules: DirectoryRules; matchPrefix: string; absolute: string },
    name: string,
    isDirectory: boolean,
  ): Verdict {
    if (this.overrides.isActive) {
      const verdict = this.overrides.verdict(inside.matchPrefix + name, name, isDirectory);
      if (verdict !== NO_RULE) return verdict;
    }
    let verdict = fileVerdict(inside.rules, `${inside.absolute}/${name}`, name, isDirectory);
    if (verdict === NO_RULE && this.lateRules.isActive)
      verdict = this.lateRules.verdict(
        inside.matchPrefix + name,
        name,
        isDirectory,
        inside.rules.inRepository,
      );
    if (verdict === IGNORED || isDirectory || !this.types.isActive) return verdict;
    const typeVerdict = this.types.verdict(name);
    return typeVerdict === NO_RULE ? verdict : typeVerdict;
  }

  /** Why an entry is ignored. */
  private reason(
    { rules, matchPrefix, absolute }: { rules: DirectoryRules; matchPrefix: string; absolute: string },
    name: string,
    isDirectory: boolean,
  ): string {
    const { overrides, lateRules } = this;
    const path = matchPrefix + name;
    if (overrides.isActive && overrides.verdict(path, name, isDirectory) === IGNORED)
      return "a glob of the command line leaves it out (-g, --iglob)";
    const inTree = fileVerdict(rules, `${absolute}/${name}`, name, isDirectory);
    if (inTree === IGNORED) return "a rule of an ignore file leaves it out";
    const late = inTree === NO_RULE && lateRules.verdict(path, name, isDirectory, rules.inRepository);
    return late === IGNORED
      ? "a rule of --ignore-file or of git's global excludes leaves it out"
      : "its file type leaves it out (-t, -T)";
  }

  /** The rules inside a directory that has been listed. */
  private rulesInside(job: DirectoryJob, absolute: string, present: RuleFilesPresent): DirectoryRules {
    const key = keyOf(job);
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const outer = this.rulesAround(job);
    const place = {
      shown: shownPath(job.path, job.root),
      absolute,
      isAbove: false,
    };
    const rules = hasNoRules(present)
      ? outer
      : enterDirectory(outer, present, place, this.options, this.source, (message, error) =>
          this.reportRules(job.path, message, error),
        );
    this.kept.set(key, rules);
    return rules;
  }

  /** The rules inside the parent of a directory. They are kept, or built again from the files on the way down. */
  private rulesAround(job: DirectoryJob): DirectoryRules {
    if (job.depth === 0) return this.rulesAbove(job);
    const slash = job.path.lastIndexOf("/");
    const isJustBelowRoot = job.depth === 1;
    const parent: DirectoryJob = {
      ...job,
      path: isJustBelowRoot ? lossyText(job.root) : job.path.slice(0, slash),
      depth: job.depth - 1,
    };
    if (isJustBelowRoot && !holdsBytes(job.root)) delete parent.pathBytes;
    else if (job.pathBytes !== undefined) {
      const bytes = Buffer.from(job.pathBytes);
      parent.pathBytes = isJustBelowRoot
        ? bytesOfText(job.root)
        : bytes.subarray(0, bytes.lastIndexOf(SLASH));
    }
    const known = this.kept.get(keyOf(parent));
    if (known !== undefined) return known;
    const absolute = parent.rootAbsolute + this.below(parent);
    return this.rulesInside(parent, absolute, probeRuleFiles(absolute, this.source));
  }

  /** The rules of all directories above a named one. */
  private rulesAbove(job: DirectoryJob): DirectoryRules {
    const { rootAbsolute } = job;
    let rules = this.outermost;
    for (let end = 0; end >= 0 && rootAbsolute !== ""; end = rootAbsolute.indexOf("/", end + 1)) {
      const absolute = rootAbsolute.slice(0, end);
      const key = `\0${absolute}`;
      let inside = this.kept.get(key);
      if (inside === undefined) {
        const place = { shown: fromByteString(absolute || "/").toString(), absolute, isAbove: true };
        // Up here, a line that does not parse is an error of the named path itself, as in ripgrep.
        const present = probeRuleFiles(absolute, this.source);
        inside = enterDirectory(rules, present, place, this.options, this.source, (message, error) =>
          this.options.onError?.({ path: job.path, message, kind: "path", code: codeOf(error) }),
        );
        this.kept.set(key, inside);
      }
      rules = inside;
    }
    return rules;
  }

  /** The target of a followed link. Undefined if it leads nowhere, or back to a directory that contains it. */
  private followLink(
    job: DirectoryJob,
    path: string,
    pathBytes: Buffer | undefined,
  ): "file" | "directory" | "other" | undefined {
    let target: Stats;
    try {
      target = statSync(this.systemLike(path, pathBytes));
    } catch (error) {
      this.report(shownPath(path, job.root), error, this.options.sort !== undefined);
      return undefined;
    }
    if (!target.isDirectory()) return target.isFile() ? "file" : "other";
    const root = toByteString(job.root);
    for (let ancestor = pathBytes?.toString("latin1") ?? toByteString(path); ;) {
      if (ancestor === root) return "directory";
      const slash = ancestor.lastIndexOf("/");
      ancestor = slash < root.length ? root : ancestor.slice(0, slash);
      const bytes = fromByteString(ancestor);
      const stats = statSync(this.directory.resolveBytes(bytes), { throwIfNoEntry: false });
      if (stats !== undefined && stats.dev === target.dev && stats.ino === target.ino) {
        const shown = shownPath(path, job.root);
        const above = shownPath(bytes.toString(), job.root);
        const message = `File system loop found: ${shown} points to an ancestor ${above}`;
        this.options.onError?.({ path, message, kind: "path", code: "ELOOP" });
        return undefined;
      }
    }
  }

  /** The path of a directory relative to its named root: a byte string that starts with "/" or is empty. */
  private below(job: DirectoryJob): string {
    if (job.depth === 0) return "";
    const whole =
      job.pathBytes === undefined ? toByteString(job.path) : Buffer.from(job.pathBytes).toString("latin1");
    const root = toByteString(job.root);
    return root === "" ? `/${whole}` : `/${whole.slice(root.endsWith("/") ? root.length : root.length + 1)}`;
  }

  /**
   * The text before an entry's name for `-g`, `--ignore-file` and global excludes. It is relative to the
   * working directory.
   */
  private matchPrefix(job: DirectoryJob, prefix: string): string {
    const bytes =
      job.pathBytes === undefined ? toByteString(prefix) : withSlash(job.pathBytes).toString("latin1");
    if (bytes.startsWith("./")) return bytes.slice(2);
    const { prefix: cwdPrefix } = this.directory;
    return cwdPrefix !== undefined && bytes.startsWith(cwdPrefix) ? bytes.slice(cwdPrefix.length) : bytes;
  }

  private entryBytes(job: DirectoryJob, prefix: string, entry: Entry): Buffer | undefined {
    if (entry.nameBytes === undefined && job.pathBytes === undefined) return undefined;
    const before = job.pathBytes === undefined ? Buffer.from(prefix) : withSlash(job.pathBytes);
    return Buffer.concat([before, entry.nameBytes ?? Buffer.from(entry.name)]);
  }

  private isSmallEnough(path: string, pathBytes: Buffer | undefined): boolean {
    const stats = this.statsOf(path, pathBytes);
    return stats === undefined || stats.size <= (this.options.maxFilesizeBytes as number);
  }

  /** Whether the entry is that file. False for an entry that cannot be examined: the search reports it. */
  private isFile({ device, inode }: FileIdentity, path: string, pathBytes: Buffer | undefined): boolean {
    // Numbers are read faster, and distinguish nearly all files. Only large inode numbers do not fit.
    if (this.statsOf(path, pathBytes)?.ino !== Number(inode)) return false;
    const stats = statSync(this.systemLike(path, pathBytes), { bigint: true, throwIfNoEntry: false });
    return stats?.ino === inode && stats.dev === device;
  }

  /** Undefined if the system refuses, for example below a directory that may be listed and not entered. */
  private statsOf(path: string, pathBytes: Buffer | undefined): Stats | undefined {
    try {
      return statSync(this.systemLike(path, pathBytes));
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return undefined;
    }
  }

  private systemLike(path: string, pathBytes: Buffer | undefined): string | Buffer {
    return pathBytes === undefined ? this.directory.resolve(path) : this.directory.resolveBytes(pathBytes);
  }

  private report(path: string, error: unknown, inWalkdirWords: boolean): void {
    const words = inWalkdirWords ? `IO error for operation on ${path}: ` : "";
    const message = `${path}: ${words}${ioErrorText(error)}`;
    this.options.onError?.({ path, message, kind: "path", code: codeOf(error) });
  }

  private reportRules(path: string, message: string, error: unknown): void {
    this.options.onError?.({ path, message, kind: "ignoreFile", code: codeOf(error) });
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;
