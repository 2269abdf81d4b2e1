/**
 * The paths of a corpus's files, in shared memory. Any thread can open a file by its index, and no strings are kept.
 *
 * Invariants: path `i` is pathBytes[pathStart[i], pathStart[i + 1] − 1), followed by one NUL. Indexes are in the order
 * in which files were added. A sealed table never changes.
 */
import { EverwarpError } from "../../base/index.ts";
import type { FoundFile } from "../contracts.ts";

/** Bits of `kind`. */
const EXPLICIT = 1;
const LOSSY = 2;

const SLASH = 0x2f;

/** A table as plain shared memory, for transfer to another thread. */
export interface FileTableMemory {
  /** The folder for relative paths; empty for the process's working directory. */
  readonly directory: string;
  readonly fileCount: number;
  readonly pathBytes: SharedArrayBuffer;
  readonly pathStart: SharedArrayBuffer;
  readonly kind: SharedArrayBuffer;
}

/** The paths of the files of a corpus, by index. See the head of this file. */
export class FileTable {
  /** @internal */
  readonly memory: FileTableMemory;
  /** The number of files. */
  readonly fileCount: number;
  readonly #pathBytes: Buffer;
  readonly #pathStart: Uint32Array;
  readonly #kind: Uint8Array;

  /** @internal */
  constructor(memory: FileTableMemory) {
    this.memory = memory;
    this.fileCount = memory.fileCount;
    this.#pathBytes = Buffer.from(memory.pathBytes);
    this.#pathStart = new Uint32Array(memory.pathStart);
    this.#kind = new Uint8Array(memory.kind);
  }

  /** The path for output. U+FFFD replaces bytes that are not UTF-8. */
  path(file: number): string {
    return this.#pathBytes.toString("utf8", this.#pathStart[file]!, this.#pathStart[file + 1]! - 1);
  }

  /** The path for opening the file: the string if it is exact, otherwise the bytes. */
  openPath(file: number): string | Buffer {
    const { directory } = this.memory;
    if ((this.#kind[file]! & LOSSY) === 0) {
      const path = this.path(file);
      return directory === "" || path.startsWith("/") ? path : `${directory}/${path}`;
    }
    const bytes = this.#bytes(file);
    return directory === "" || bytes[0] === SLASH
      ? bytes
      : Buffer.concat([Buffer.from(`${directory}/`), bytes]);
  }

  #bytes(file: number): Buffer {
    return Buffer.from(this.#pathBytes.subarray(this.#pathStart[file]!, this.#pathStart[file + 1]! - 1));
  }

  /** Whether the user named the file. */
  explicit(file: number): boolean {
    return (this.#kind[file]! & EXPLICIT) !== 0;
  }

  /** The file as the walk found it. */
  foundFile(file: number): FoundFile {
    const found: FoundFile = { path: this.path(file), explicit: this.explicit(file) };
    if ((this.#kind[file]! & LOSSY) !== 0) found.pathBytes = this.#bytes(file);
    return found;
  }

  /** Size of the table in bytes. */
  get sizeBytes(): number {
    return this.#pathBytes.length + this.#pathStart.byteLength + this.#kind.byteLength;
  }
}

/** Collects files one by one, then seals them into a table. */
export class FileTableBuilder {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #usedBytes = 0;
  #starts: number[] = [];
  #kinds: number[] = [];

  /** Number of files added so far. */
  get count(): number {
    return this.#starts.length;
  }

  /** @throws EW_CORPUS_TOO_LARGE if all paths together exceed 4 GiB */
  add(file: FoundFile): void {
    const { path, pathBytes } = file;
    const room = (pathBytes?.length ?? 3 * path.length) + 1;
    if (this.#usedBytes + room > this.#bytes.length) this.#grow(room);
    this.#starts.push(this.#usedBytes);
    this.#kinds.push((file.explicit ? EXPLICIT : 0) | (pathBytes ? LOSSY : 0));
    this.#usedBytes += pathBytes
      ? pathBytes.copy(this.#bytes, this.#usedBytes)
      : this.#bytes.write(path, this.#usedBytes, "utf8");
    this.#bytes[this.#usedBytes++] = 0;
  }

  #grow(room: number): void {
    const size = Math.min(2 ** 32 - 1, Math.max(2 * this.#bytes.length, this.#usedBytes + room));
    if (this.#usedBytes + room > size) {
      throw new EverwarpError("EW_CORPUS_TOO_LARGE", `the paths of ${this.#starts.length} files pass 4 GiB`, {
        remedy: "Load the tree as several corpora.",
      });
    }
    const larger = Buffer.allocUnsafe(size);
    this.#bytes.copy(larger, 0, 0, this.#usedBytes);
    this.#bytes = larger;
  }

  /** @param directory absolute folder for relative paths; empty for the process's working directory */
  seal(directory = ""): FileTable {
    const fileCount = this.#starts.length;
    const pathBytes = new SharedArrayBuffer(this.#usedBytes);
    Buffer.from(pathBytes).set(this.#bytes.subarray(0, this.#usedBytes));
    const pathStart = new SharedArrayBuffer(4 * (fileCount + 1));
    new Uint32Array(pathStart).set(this.#starts);
    new Uint32Array(pathStart)[fileCount] = this.#usedBytes;
    const kind = new SharedArrayBuffer(fileCount);
    new Uint8Array(kind).set(this.#kinds);
    return new FileTable({ directory, fileCount, pathBytes, pathStart, kind });
  }
}
