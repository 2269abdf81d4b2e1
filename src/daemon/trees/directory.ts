/** Directories that searches have walked, and their files. Paths and names are byte strings. */
import type { HeldCorpus } from "./held-corpus.ts";
import type { WalkSource } from "../../search/index.ts";

/** The entries of a directory, as a walk reads them. */
export type Entries = ReturnType<WalkSource["entries"]>;

/** Why changes in a directory are found by comparing stamps: the kernel tells nothing about it. */
export type PollReason = "limit" | "refused" | "remote";

/** A directory of a tree. */
export interface Directory {
  /** Absolute, without links and a final "/". */
  readonly path: string;
  readonly name: string;
  /** Number of the watch; −1 where there is none. */
  watch: number;
  /** Set where the directory is not watched. */
  pollReason: PollReason | undefined;
  /** Which directory this is, whatever its path: it was so before and after the watch was added. */
  identity: string;
  /** How an unwatched directory was when it was looked at last. */
  stamp: string;
  /** What a listing gave; undefined where it would give something else by now. */
  entries: Entries | undefined;
  readonly files: Map<string, StoredFile>;
  readonly below: Map<string, Directory>;
}

/** A file of a tree: in memory, or to be read from disk. */
export class StoredFile {
  readonly directory: Directory;
  readonly name: string;
  /** The corpus with its content as it is now. Undefined: the content is to be read from disk. */
  held: HeldCorpus | undefined;
  /** Its row there. */
  row = -1;
  /** When it changed last, as `TreeWatch.clock` counts. */
  changedAt = 0;
  /** Until then, loading it was of no use. */
  refusedAt = -1;
  /** Number of a watch of its own, which files with several names need; −1 for none. */
  watch = -1;

  constructor(directory: Directory, name: string) {
    this.directory = directory;
    this.name = name;
  }

  /** The absolute path. */
  get path(): string {
    return `${this.directory.path}/${this.name}`;
  }
}
