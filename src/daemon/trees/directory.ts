/** Directories that searches have walked, their files, and the corpora that hold them. Paths are byte strings. */
import type { Corpus, FoundFile, PackedEntries, WalkSource } from "../../search/index.ts";

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
  entries: PackedEntries | undefined;
  readonly files: Map<string, StoredFile>;
  /** Undefined where there is none. */
  below: Map<string, Directory> | undefined;
}

/** Is a directory another one, or below it? */
export function isIn(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
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
  /** As the last listing has it, for others in which it is the same. */
  found: FoundFile | undefined;
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

/** A corpus in the engine's memory, and which of its rows are still what is on disk. */
export class HeldCorpus {
  readonly corpus: Corpus;
  /** By row; undefined where the row is not the file's content any more, or never was. */
  readonly files: (StoredFile | undefined)[];
  /** The row was not kept as it lies on disk: what it prints is read from there. */
  readonly isPrintedFromDisk: Uint8Array;
  /** The row does not end in a line feed, or it is not known. */
  readonly isUnended: Uint8Array;
  /** Bytes that a search looks at in each row. */
  readonly textBytes: Float64Array;
  /** Bytes that the corpus takes in memory, with its signatures. */
  readonly memoryBytes: number;
  /** Nothing was read before this moment. */
  readonly loadedAtMs: number;
  liveCount = 0;
  /** Searches that look into it now. */
  pinCount = 0;
  /** When a search looked into it last, as the store counts. */
  usedAt = 0;

  constructor(corpus: Corpus, rowCount: number, memoryBytes: number, loadedAtMs: number) {
    this.loadedAtMs = loadedAtMs;
    this.corpus = corpus;
    this.files = Array.from({ length: rowCount });
    this.isPrintedFromDisk = new Uint8Array(rowCount);
    this.isUnended = new Uint8Array(rowCount);
    this.textBytes = new Float64Array(rowCount);
    this.memoryBytes = memoryBytes;
  }

  /** The row is the file's content. */
  attach(file: StoredFile, row: number): void {
    file.held?.release(file);
    this.files[row] = file;
    file.held = this;
    file.row = row;
    this.liveCount++;
  }

  /** The row is the file's content no longer. */
  release(file: StoredFile): void {
    if (file.held !== this) return;
    this.files[file.row] = undefined;
    file.held = undefined;
    file.row = -1;
    this.liveCount--;
  }
}
