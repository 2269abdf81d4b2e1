/**
 * Files in the memory of a search engine, as corpora that come and go.
 *
 *   files that searches wanted and memory has not ──▶ a new corpus ──▶ small ones are joined ──▶ one
 *
 * Guarantees: a row is attached to a file only if nothing of the file changed since before it was read. Memory stays
 * within `maxMemoryBytes`, except while corpora are joined and there is room on the machine: what was used least
 * recently goes first. A corpus that a search looks into stays until that search has ended.
 */
import { statSync } from "node:fs";
import {
  Corpus,
  FILE_FLAGS,
  type FoundFile,
  type LoadedCorpus,
  type SearchEngine,
} from "../../search/index.ts";
import { HeldCorpus, type StoredFile } from "./directory.ts";
import { statsOf } from "./system-state.ts";
import type { TreeWatch } from "./tree-watch.ts";

/** So many files are loaded at once when they are wanted; fewer are read from disk for a while. */
export const WORTH_LOADING = 24;
/** Fewer are loaded when they were wanted this long ago. */
const LOAD_LATER_MS = 500;
/** More corpora cost each search more than joining them. */
const MAX_CORPORA = 4;
/** A larger file is read from disk: an engine would hold it in parts. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;
/** Text, padding and signatures. */
const MEMORY_PER_BYTE = 1.14;
/** What a corpus takes beside its files. */
const MEMORY_PER_CORPUS_BYTES = 16 * 1024;
const PADDING_BYTES = 16;
/** Files that are examined before others have their turn. */
const FILES_A_TURN = 512;

const { LOADED, BINARY, TRANSCODED } = FILE_FLAGS;

/** What is needed of the outside. */
export interface FileStoreOptions {
  readonly engine: SearchEngine;
  readonly watch: TreeWatch;
  readonly maxMemoryBytes: number;
  readonly onDegraded: (reason: string) => void;
}

/** See the head of this file. */
export class FileStore {
  readonly #options: FileStoreOptions;
  readonly #held: HeldCorpus[] = [];
  readonly #wanted = new Set<StoredFile>();
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #version = 0;
  #searchCount = 0;
  #lastFailure: unknown;

  constructor(options: FileStoreOptions) {
    this.#options = options;
  }

  /** The corpora now. */
  get held(): readonly HeldCorpus[] {
    return this.#held;
  }

  /** Another number whenever something else is held. */
  get version(): number {
    return this.#version;
  }

  /** Bytes of memory that are in use. */
  get memoryBytes(): number {
    return this.#held.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  /** Files that are in memory. */
  get fileCount(): number {
    return this.#held.reduce((sum, { liveCount }) => sum + liveCount, 0);
  }

  /** What ended the last load, where one failed. Searches go on, and read from disk. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /** The file is not what it was. */
  changed(file: StoredFile): void {
    if (file.held === undefined) return;
    file.held.release(file);
    this.#version++;
  }

  /** Files with several names get a watch of their own when they are loaded again. */
  changedInodes(inodes: ReadonlySet<number>): void {
    for (const held of this.#held) {
      const numbers = this.#options.engine.loaded(held.corpus)?.placement.inode;
      if (numbers === undefined) continue;
      for (const file of held.files) {
        if (file === undefined || file.watch >= 0 || !inodes.has(numbers[file.row] as number)) continue;
        file.changedAt = this.#options.watch.clock;
        this.changed(file);
      }
    }
  }

  /** Keeps corpora until `unpin`. */
  pin(held: readonly HeldCorpus[]): void {
    this.#searchCount++;
    for (const each of held) {
      each.pinCount++;
      each.usedAt = this.#searchCount;
    }
  }

  /** A search has ended. */
  unpin(held: readonly HeldCorpus[]): void {
    for (const each of held) each.pinCount--;
    void this.#sweep();
  }

  /** A search had to read these files from disk. They are loaded when there are enough of them, or in a while. */
  want(files: Iterable<StoredFile>): void {
    for (const file of files) if (isLoadable(file)) this.#wanted.add(file);
    if (this.#wanted.size === 0 || this.#isClosed) return;
    if (this.#wanted.size >= WORTH_LOADING) this.#work();
    else this.#timer ??= setTimeout(() => this.#work(), LOAD_LATER_MS).unref();
  }

  /** Resolves when everything that was wanted so far is loaded, or was refused. */
  async settle(): Promise<void> {
    if (this.#wanted.size > 0) this.#work();
    while (this.#working !== undefined) await this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wanted.clear();
    await this.#working;
  }

  #work(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#working ??= this.#loadAll()
      .catch((error: unknown) => {
        this.#lastFailure = error;
        this.#options.onDegraded(
          `files could not be loaded: ${error instanceof Error ? error.message : String(error)}`,
        );
      })
      .finally(() => (this.#working = undefined));
  }

  async #loadAll(): Promise<void> {
    while (this.#wanted.size > 0 && !this.#isClosed) {
      const files = [...this.#wanted].filter(isLoadable);
      this.#wanted.clear();
      await this.#load(files);
    }
    await this.#join();
    await this.#sweep();
  }

  /** Small corpora become one, and a corpus that is mostly out of date is loaded again. */
  async #join(): Promise<void> {
    if (this.#isClosed) return;
    const bySize = this.#held.toSorted((a, b) => a.liveCount - b.liveCount);
    const stale = bySize.filter(({ liveCount, files }) => liveCount < files.length / 2);
    const joined = bySize.length > MAX_CORPORA ? bySize.slice(0, -1) : stale;
    const files = joined.flatMap((held) => held.files.filter((file) => file !== undefined));
    if (files.length > 0) await this.#load(files);
  }

  async #load(wanted: readonly StoredFile[]): Promise<void> {
    const { engine, watch } = this.#options;
    watch.drain();
    const since = watch.clock;
    const beginMs = Date.now();
    const { files, sizeBytes } = await this.#examine(wanted, since);
    const chosen = await this.#makeRoom(files, sizeBytes, since);
    if (chosen.length === 0 || this.#isClosed) return;
    const corpus = Corpus.fromFiles(chosen.map(foundFileOf), { cwd: "/" });
    await engine.addCorpus(corpus);
    const loaded = engine.loaded(corpus);
    if (loaded === undefined) return; // the device was lost; its corpora are being loaded again
    watch.drain();
    const held = heldCorpus(corpus, loaded, chosen, { since, beginMs });
    for (const file of chosen) if (file.held !== held) file.refusedAt = Math.max(file.refusedAt, since);
    held.usedAt = this.#searchCount;
    this.#held.push(held);
    this.#version++;
  }

  /** Looks at the files in turns. Those with several names are watched by themselves from now on. */
  async #examine(
    wanted: readonly StoredFile[],
    since: number,
  ): Promise<{ files: StoredFile[]; sizeBytes: number[] }> {
    const files: StoredFile[] = [];
    const sizeBytes: number[] = [];
    for (let index = 0; index < wanted.length; index++) {
      if (index % FILES_A_TURN === FILES_A_TURN - 1) await new Promise(setImmediate);
      const file = wanted[index] as StoredFile;
      const stats = statsOf(file.path, statSync);
      const isFit =
        stats?.isFile() === true &&
        stats.size <= MAX_FILE_BYTES &&
        (stats.nlink === 1 || this.#options.watch.watchFile(file));
      if (isFit) {
        files.push(file);
        sizeBytes.push(stats.size);
      } else file.refusedAt = Math.max(file.refusedAt, since);
    }
    return { files, sizeBytes };
  }

  /** @returns the files that fit, once others have gone */
  async #makeRoom(
    files: readonly StoredFile[],
    sizeBytes: readonly number[],
    since: number,
  ): Promise<readonly StoredFile[]> {
    const { maxMemoryBytes } = this.#options;
    const loading = new Set(files);
    const isNeeded = (held: HeldCorpus): boolean =>
      held.files.some((file) => file !== undefined && loading.has(file));
    const neededBytes = sizeBytes.reduce(
      (sum, size) => sum + (size + PADDING_BYTES) * MEMORY_PER_BYTE,
      MEMORY_PER_CORPUS_BYTES,
    );
    const oldestFirst = this.#held
      .filter((held) => held.usedAt < this.#searchCount && !isNeeded(held))
      .sort((a, b) => a.usedAt - b.usedAt);
    // What is loaded again is in memory twice for a while, which does not count.
    const againBytes = this.#held.filter(isNeeded).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    for (const held of oldestFirst) {
      if (this.memoryBytes - againBytes + neededBytes <= maxMemoryBytes) break;
      for (const file of held.files) if (file !== undefined) held.release(file);
      this.#version++;
      await this.#sweep();
    }
    let roomBytes = maxMemoryBytes - this.memoryBytes + againBytes;
    if (neededBytes <= roomBytes) return files;
    roomBytes -= MEMORY_PER_CORPUS_BYTES;
    this.#options.onDegraded(
      `not all files fit into ${maxMemoryBytes} bytes of memory: the others are read from disk for each search.`,
    );
    return files.filter((file, index) => {
      const bytes = ((sizeBytes[index] as number) + PADDING_BYTES) * MEMORY_PER_BYTE;
      const fits = bytes <= roomBytes;
      if (fits) roomBytes -= bytes;
      else file.refusedAt = Math.max(file.refusedAt, since);
      return fits;
    });
  }

  /** Frees corpora of which nothing is true any more. */
  async #sweep(): Promise<void> {
    const gone = this.#held.filter(({ liveCount, pinCount }) => liveCount === 0 && pinCount === 0);
    for (const held of gone) {
      this.#held.splice(this.#held.indexOf(held), 1);
      this.#version++;
      if (!this.#isClosed) await this.#options.engine.removeCorpus(held.corpus);
    }
  }
}

const LINE_FEED = 10;

/** Attaches the rows that are what the files contain. */
function heldCorpus(
  corpus: Corpus,
  loaded: LoadedCorpus,
  files: readonly StoredFile[],
  { since, beginMs }: { since: number; beginMs: number },
): HeldCorpus {
  const { placement, signatureBytes } = loaded;
  const { arenaBytes } = placement.stats;
  // Signatures of the host are made behind the load, so they may not be there yet.
  const memoryBytes = arenaBytes + Math.max(signatureBytes, arenaBytes / 8);
  const held = new HeldCorpus(corpus, files.length, memoryBytes, beginMs);
  if (placement.parts !== undefined) return held; // rows are no files here
  for (let row = 0; row < files.length; row++) {
    const flags = placement.flags[row] as number;
    const file = files[row] as StoredFile;
    const isCurrent = file.changedAt <= since && file.directory.files.get(file.name) === file;
    if ((flags & LOADED) === 0 || !isCurrent) continue;
    held.attach(file, row);
    held.isPrintedFromDisk[row] = (flags & (BINARY | TRANSCODED)) === 0 ? 0 : 1;
    held.isUnended[row] = loaded.bytes(row)?.at(-1) === LINE_FEED ? 0 : 1;
    held.textBytes[row] = (placement.length[row] as number) - placement.textStart(row);
  }
  return held;
}

const isLoadable = (file: StoredFile): boolean => file.held === undefined && file.changedAt > file.refusedAt;

function foundFileOf(file: StoredFile): FoundFile {
  const bytes = Buffer.from(file.path, "latin1");
  const path = bytes.toString("utf8");
  return Buffer.from(path, "utf8").equals(bytes)
    ? { path, explicit: false }
    : { path, pathBytes: bytes, explicit: false };
}
