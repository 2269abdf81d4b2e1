/**
 * The listings of searches, kept for each set of walk options and brought up to date before each use.
 *
 * Guarantee: `list` gives what a walk of the disk would give. That holds for every change that `TreeWatch.refresh` has
 * reported, and for the files outside of the trees that a walk reads: ignore files above them, and git's settings.
 *
 * The targets of links are not watched. So a walk that follows links is made anew each time, and its files are read
 * from disk.
 */
import type { FoundFile, Listed, WalkError, WalkOptions, WalkSource } from "../../search/index.ts";
import { DISK, KeptListing } from "../../search/index.ts";
import { pathStamp, type Stamp, StampSet } from "../watch/index.ts";
import type { Directory, StoredFile } from "./directory.ts";
import type { TreeWatch } from "./tree-watch.ts";

/** Listings of so many files take about 300 MB. */
const MAX_LISTED_FILES = 2_000_000;

/** A process that was idle for long keeps so many. Others are made again of the entries of directories. */
const LISTINGS_OF_AN_IDLE_PROCESS = 1;

/** The files of a search. */
export interface SearchListing extends Listed<StoredFile | undefined> {
  /** The file with all that is kept about it; undefined for files that the user named. */
  handleOf(file: FoundFile): StoredFile | undefined;
}

interface Kept {
  readonly listing: KeptListing<StoredFile | undefined>;
  /** Files outside of the tree that decide about it. */
  readonly consulted: StampSet;
  /** Files are listed by their sizes too. */
  readonly dependsOnSizes: boolean;
  readonly followsLinks: boolean;
  /** `TreeWatch.lookCount` when it was compared with what lies outside of the tree. */
  lookedAt: number;
  fileCount: number;
}

/** See the head of this file. */
export class ListingCache {
  readonly #watch: TreeWatch;
  readonly #maxFiles: number;
  /** By options and path; the one used last is the last. */
  readonly #kept = new Map<string, Kept>();
  /** The last combination of listings for each set of roots, so that it is the same object where nothing changed. */
  readonly #joined = new Map<
    string,
    { parts: readonly Listed<StoredFile | undefined>[]; whole: SearchListing }
  >();

  /** How paths outside of the trees were since the last look. */
  readonly #stamps = new Map<string, Stamp>();
  #stampedAt = 0;

  /** @param maxFiles files of all listings together, at most; the listings that were used least recently go */
  constructor(watch: TreeWatch, maxFiles = MAX_LISTED_FILES) {
    this.#watch = watch;
    this.#maxFiles = maxFiles;
  }

  /** Listings that are kept. */
  get count(): number {
    return this.#kept.size;
  }

  /** The roots of all listings: absolute paths without links. */
  get roots(): readonly string[] {
    const roots = new Set<string>();
    for (const { listing } of this.#kept.values())
      if (listing.rootAbsolute !== undefined) roots.add(listing.rootAbsolute);
    return [...roots];
  }

  /** A directory is another than before. */
  changed({ path }: Directory, hasOtherRules: boolean): void {
    for (const { listing } of this.#kept.values()) listing.changed(path, hasOtherRules);
  }

  /** A file has another content, and so perhaps another size. */
  fileChanged({ directory }: StoredFile): void {
    for (const { listing, dependsOnSizes } of this.#kept.values())
      if (dependsOnSizes) listing.changed(directory.path, false);
  }

  /**
   * The files of a search, as they are now, or were after an earlier moment.
   * @param after `TreeWatch.lookCount` at that moment. What another search has looked at since is not looked at again
   * @throws EW_BAD_FLAG_VALUE for a glob or a type that does not parse
   */
  list(paths: readonly string[], options: WalkOptions, after: number = this.#watch.lookCount): SearchListing {
    const { onError: _onError, skippedFile: _skippedFile, ...walk } = options;
    const named: readonly (string | undefined)[] = paths.length === 0 ? [undefined] : paths;
    const key = JSON.stringify(walk);
    const isOnly = named.length === 1;
    const kept = named.map((path) =>
      this.#keep(`${key} ${isOnly} ${path ?? "?"} ${path === undefined}`, path, isOnly, walk),
    );
    const rootsOf = (): string[] =>
      kept.map(({ listing }) => listing.rootAbsolute).filter((root) => root !== undefined);
    const roots = rootsOf();
    this.#watch.refresh(roots, after);
    let parts = kept.map((each) => this.#current(each, after));
    if (rootsOf().some((root) => !roots.includes(root))) {
      // A tree that was not looked at so far may have parts that others have listed, some time ago.
      this.#watch.refresh(rootsOf());
      parts = kept.map((each) => this.#current(each, this.#watch.lookCount));
    }
    this.#trim(new Set(kept));
    return this.#join(`${key} ${JSON.stringify(paths)}`, parts);
  }

  /** Gives back memory: the listings that were used last stay, as directories. */
  trim(): void {
    for (const key of [...this.#kept.keys()].slice(0, -LISTINGS_OF_AN_IDLE_PROCESS)) this.#kept.delete(key);
    for (const { listing } of this.#kept.values()) listing.trim();
    this.#joined.clear();
  }

  #isListed(path: string): boolean {
    for (const { listing } of this.#kept.values()) if (listing.has(path)) return true;
    return false;
  }

  #keep(key: string, named: string | undefined, isOnly: boolean, walk: WalkOptions): Kept {
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const consulted = new StampSet((path) => this.#stampOf(path));
    const followsLinks = walk.follow === true;
    const source: WalkSource = {
      entries: (_place, absolute, isAsHeld) => this.#watch.entries(absolute, isAsHeld),
      consults: (path) => consulted.add(path),
    };
    const handleOf = (directory: string, name: string): StoredFile | undefined =>
      followsLinks ? undefined : this.#watch.file(directory, name);
    const listingOf = followsLinks ? DISK : source;
    const made: Kept = {
      listing: new KeptListing({ named, isOnly, walk, source: listingOf, handleOf, sharedFile }),
      consulted,
      dependsOnSizes: walk.maxFilesizeBytes !== undefined,
      followsLinks,
      lookedAt: 0,
      fileCount: 0,
    };
    this.#kept.set(key, made);
    return made;
  }

  /** Where a search that asked after that moment has brought the listing up to date, only watches tell of changes. */
  #current(kept: Kept, after: number): Listed<StoredFile | undefined> {
    const { listing, consulted, followsLinks, lookedAt } = kept;
    if (lookedAt <= after) {
      kept.lookedAt = this.#watch.lookCount;
      if (followsLinks || !consulted.isUnchanged()) {
        consulted.clear();
        listing.restart();
      }
    }
    const listed = listing.current();
    kept.fileCount = listed.files.length;
    return listed;
  }

  /** Most listings depend on the same paths, so each is looked at once for all searches that share a look. */
  #stampOf(path: string): Stamp {
    const { lookCount } = this.#watch;
    if (this.#stampedAt !== lookCount) this.#stamps.clear();
    this.#stampedAt = lookCount;
    let stamp = this.#stamps.get(path);
    if (stamp === undefined) this.#stamps.set(path, (stamp = pathStamp(path)));
    return stamp;
  }

  #join(key: string, parts: readonly Listed<StoredFile | undefined>[]): SearchListing {
    const known = this.#joined.get(key);
    this.#joined.delete(key);
    const isSame =
      known?.parts.length === parts.length && known.parts.every((part, index) => part === parts[index]);
    const joined = isSame ? known : { parts, whole: searchListing(parts) };
    this.#joined.set(key, joined);
    return joined.whole;
  }

  /** Lets the oldest listings go where all together are too many. */
  #trim(used: ReadonlySet<Kept>): void {
    let files = 0;
    for (const { fileCount } of this.#kept.values()) files += fileCount;
    if (files <= this.#maxFiles) return;
    for (const [key, kept] of this.#kept) {
      if (files <= this.#maxFiles) break;
      if (used.has(kept)) continue;
      files -= kept.fileCount;
      this.#kept.delete(key);
    }
    this.#joined.clear();
    this.#watch.release((path) => this.#isListed(path));
  }
}

/** One object for all listings in which a file has the same path. */
function sharedFile(handle: StoredFile | undefined, file: FoundFile): FoundFile {
  if (handle === undefined || file.pathBytes !== undefined || file.explicit) return file;
  if (handle.found?.path !== file.path) handle.found = file;
  return handle.found as FoundFile;
}

function searchListing(parts: readonly Listed<StoredFile | undefined>[]): SearchListing {
  const [first] = parts as [Listed<StoredFile | undefined>];
  const isOne = parts.length === 1;
  const files = isOne ? first.files : parts.flatMap((part) => part.files);
  const handles = isOne ? first.handles : parts.flatMap((part) => part.handles);
  const { outerErrors } = first;
  const errors = [...outerErrors, ...onceForRules(parts.flatMap((part) => part.errors))];
  let byFile: Map<FoundFile, StoredFile | undefined> | undefined;
  const handleOf = (file: FoundFile): StoredFile | undefined => {
    byFile ??= new Map(files.map((each, index) => [each, handles[index]]));
    return byFile.get(file);
  };
  return { files, handles, errors, outerErrors, handleOf };
}

/** Rules above several roots are read once by a walk, so what does not parse in them is told once. */
function onceForRules(errors: readonly WalkError[]): WalkError[] {
  const told = new Set<string>();
  return errors.filter(({ code, message }) => {
    const isNew = code !== undefined || !told.has(message);
    told.add(message);
    return isNew;
  });
}
