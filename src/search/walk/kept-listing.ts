/**
 * A walk whose result is kept, and brought up to date directory by directory.
 *
 * Guarantee: where `changed` was told every directory whose entries or rules are others than before, `current` gives
 * what a walk would give now: the same files in the same order, and the same errors.
 *
 *   changed("/tree/src") ──▶ that node is dirty ──current()──▶ only that directory is listed again
 *
 * Invariants: a node that is not dirty is what a visit of its directory would give. Rules that do not parse are
 * reported while they are read, which may be at any node, so a listing with such errors is always made anew.
 */
import type { FoundFile } from "../contracts.ts";
import { type DirectoryJob, DirectoryVisitor } from "./directory-visitor.ts";
import { toByteString } from "./glob.ts";
import type { WalkOptions } from "./options.ts";
import type { WalkError } from "./walk-error.ts";
import type { WalkSource } from "./walk-source.ts";

/** What a walk found, in its order. */
export interface Listed<T> {
  readonly files: readonly FoundFile[];
  /** What the owner of the listing keeps about each file; undefined for a file that the user named. */
  readonly handles: readonly (T | undefined)[];
  readonly errors: readonly WalkError[];
  /** Errors of rules that belong to no root. Several listings of one walk share them, and one walk tells them once. */
  readonly outerErrors: readonly WalkError[];
}

/** A directory as it was visited. */
interface Node<T> {
  readonly job: DirectoryJob;
  readonly absolute: string;
  /** Files and directories, in the order of the walk. */
  items: (FoundFile | Node<T>)[];
  /** Of the files among the items. */
  handles: T[];
  errors: WalkError[];
}

/** What a kept listing is made of. */
export interface KeptListingOptions<T> {
  /** The path that the user named; undefined for the working directory, unnamed. */
  readonly named: string | undefined;
  /** It is the only one. */
  readonly isOnly: boolean;
  /** Without `follow`: what links lead to changes without a change in the directories of the walk. */
  readonly walk: WalkOptions;
  readonly source: WalkSource;
  /** What the owner keeps about a file. @param directory absolute; both are byte strings */
  readonly handleOf: (directory: string, name: string) => T;
  /** An equal file that other listings hold, where there is one. It saves memory. */
  readonly sharedFile?: (handle: T, file: FoundFile) => FoundFile;
}

/** See the head of this file. */
export class KeptListing<T> {
  readonly #options: KeptListingOptions<T>;
  #visitor: DirectoryVisitor;
  #root: Node<T> | undefined;
  readonly #nodes = new Map<string, Node<T>>();
  readonly #dirty = new Set<Node<T>>();
  #listed: Listed<T> | undefined;
  /** Where errors go while something is visited. */
  #errors: WalkError[] = [];
  /** Errors of rules that belong to no directory of the walk. */
  #outerErrors: WalkError[] = [];
  #hasRuleErrors = false;

  /** @throws EverwarpError EW_BAD_FLAG_VALUE for a glob or a type that does not parse */
  constructor(options: KeptListingOptions<T>) {
    this.#options = options;
    this.#visitor = this.#newVisitor();
  }

  /** Where the named path leads, a byte string without a final "/". Undefined until a directory was listed there. */
  get rootAbsolute(): string | undefined {
    return this.#root?.absolute;
  }

  /** Directories that are listed. */
  get directoryCount(): number {
    return this.#nodes.size;
  }

  /** Is the directory one of the walk? @param absolute a byte string without a final "/" */
  has(absolute: string): boolean {
    return this.#nodes.has(absolute);
  }

  /**
   * A directory is another than before.
   * @param absolute a byte string without a final "/"
   * @param hasOtherRules its ignore files too, so all that is below it is visited again
   */
  changed(absolute: string, hasOtherRules: boolean): void {
    const node = this.#nodes.get(absolute);
    if (node === undefined) return;
    if (this.#hasRuleErrors) return this.restart();
    this.#listed = undefined;
    this.#dirty.add(node);
    if (!hasOtherRules) return;
    this.#visitor.forgetRules(node.job);
    this.#dropBelow(node);
  }

  /** Forgets everything, also what was read of rules outside the tree. */
  restart(): void {
    this.#visitor = this.#newVisitor();
    this.#root = undefined;
    this.#nodes.clear();
    this.#dirty.clear();
    this.#listed = undefined;
  }

  /** Forgets the list, which `current` makes again of the directories that it keeps. */
  trim(): void {
    this.#listed = undefined;
  }

  /** What a walk finds now. The same object as before where nothing changed. */
  current(): Listed<T> {
    const found = this.#lookAtRoot();
    if (found.job === undefined) {
      const { files, errors } = found;
      return { files, handles: files.map(() => undefined), errors, outerErrors: this.#outerErrors };
    }
    if (this.#root?.absolute !== found.job.rootAbsolute || this.#root.job.device !== found.job.device) {
      if (this.#root !== undefined) this.restart();
      this.#root = this.#nodeOf(found.job);
    }
    for (const node of this.#dirty) if (this.#nodes.get(node.absolute) === node) this.#visit(node);
    this.#dirty.clear();
    return (this.#listed ??= this.#flatten(this.#root));
  }

  #newVisitor(): DirectoryVisitor {
    this.#hasRuleErrors = false;
    const errors: WalkError[] = [];
    this.#errors = errors;
    const onError = (error: WalkError): void => {
      if (error.kind === "ignoreFile") this.#hasRuleErrors = true;
      this.#errors.push(error);
    };
    const visitor = new DirectoryVisitor({ ...this.#options.walk, onError }, this.#options.source);
    this.#outerErrors = errors;
    return visitor;
  }

  /** The named path as it is now: a directory, a file, or nothing. */
  #lookAtRoot(): { job: DirectoryJob | undefined; files: FoundFile[]; errors: WalkError[] } {
    const files: FoundFile[] = [];
    let job: DirectoryJob | undefined;
    const errors = (this.#errors = []);
    const sink = {
      onFile: (file: FoundFile) => files.push(file),
      onDirectory: (each: DirectoryJob) => (job = each),
    };
    this.#visitor.root(this.#options.named, sink, this.#options.isOnly);
    return { job, files, errors };
  }

  /** Makes the node of a directory that was not visited so far. */
  #nodeOf(job: DirectoryJob): Node<T> {
    const absolute = this.#visitor.absoluteOf(job);
    const node: Node<T> = { job, absolute, items: [], handles: [], errors: [] };
    this.#nodes.set(node.absolute, node);
    this.#visit(node);
    // Rules above the named path are read now, and what does not parse there is an error of the path.
    if (job.depth === 0 && node.errors.length > 0) this.#hasRuleErrors = true;
    return node;
  }

  #visit(node: Node<T>): void {
    const before = new Map<string, Node<T>>();
    for (const item of node.items) if ("job" in item) before.set(item.absolute, item);
    const { handleOf, sharedFile = (_handle: T, file: FoundFile) => file } = this.#options;
    const items: (FoundFile | DirectoryJob)[] = [];
    const handles: T[] = [];
    node.errors = this.#errors = [];
    this.#visitor.visit(node.job, {
      onFile: (file) => {
        const handle = handleOf(node.absolute, nameOf(file));
        handles.push(handle);
        items.push(sharedFile(handle, file));
      },
      onDirectory: (job) => items.push(job),
    });
    node.handles = handles.slice(); // without the room for more
    node.items = items.map((item) => {
      if (!("rootAbsolute" in item)) return item;
      const known = before.get(this.#visitor.absoluteOf(item));
      if (known === undefined) return this.#nodeOf(item);
      before.delete(known.absolute);
      return known;
    });
    for (const gone of before.values()) {
      this.#visitor.forgetRules(gone.job); // another directory may come to this place
      this.#dropBelow(gone);
      this.#nodes.delete(gone.absolute);
    }
  }

  #dropBelow(node: Node<T>): void {
    for (const item of node.items) {
      if (!("job" in item)) continue;
      this.#dropBelow(item);
      this.#nodes.delete(item.absolute);
    }
    node.items = [];
    node.handles = [];
  }

  #flatten(root: Node<T>): Listed<T> {
    const files: FoundFile[] = [];
    const handles: T[] = [];
    const errors: WalkError[] = [];
    const gather = (node: Node<T>): void => {
      for (const error of node.errors) errors.push(error);
      let fileCount = 0;
      for (const item of node.items) {
        if ("job" in item) gather(item);
        else {
          files.push(item);
          handles.push(node.handles[fileCount++] as T);
        }
      }
    };
    gather(root);
    return { files, handles, errors, outerErrors: this.#outerErrors };
  }
}

/** The last component of a file's path, as a byte string. */
function nameOf({ path, pathBytes }: FoundFile): string {
  if (pathBytes === undefined) return toByteString(path.slice(path.lastIndexOf("/") + 1));
  return pathBytes.toString("latin1", pathBytes.lastIndexOf(47) + 1);
}
