/**
 * What a search found: numbers in typed arrays, and text only of what is looked at.
 *
 * Guarantees: hits are sorted by file, then offset; they are what ripgrep reports, for the contents as they were
 * loaded. Where a file had to be read again (a device keeps contents to itself) its present content was searched, and
 * it is listed in `changedFiles`.
 */
import { statSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import type { HitList } from "../contracts.ts";
import { FILE_FLAGS, type FileStamp, lineOnDisk, loadedStamp, sameStamp, stampOf } from "../corpus/index.ts";
import { assertHit } from "./arguments.ts";
import type { EngineCorpus, SkippedFile } from "./engine-corpus.ts";
import type { TextHits } from "./text-engine.ts";

/** What a search makes a result of. */
export interface ResultParts {
  readonly corpus: EngineCorpus;
  readonly hits: HitList & { readonly truncated: boolean };
  /** Files that were read again and had changed, with what they are now; undefined: gone. */
  readonly changed: ReadonlyMap<number, FileStamp | undefined>;
  readonly skipped: readonly SkippedFile[];
  readonly roundTripUs: number;
  readonly verifyUs: number;
}

const LINE_FEED = 10;

/** What a search has found. Hits are sorted by file and offset. */
export class SearchResult implements TextHits {
  readonly #parts: ResultParts;
  /** Where large files are held in parts: the columns of the hits, told by file. */
  #whole: { file: Uint32Array; line: Uint32Array; offset: Float64Array } | undefined;
  #fileCount: number | undefined;
  /** The row of the placement that was shown last. */
  #shown: { row: number; bytes: Buffer | undefined } | undefined;

  /** @internal */
  constructor(parts: ResultParts) {
    this.#parts = parts;
  }

  /** Hits in the arrays below. */
  get count(): number {
    return this.#parts.hits.count;
  }

  /** There are more hits than `maxHits` allowed. */
  get truncated(): boolean {
    return this.#parts.hits.truncated;
  }

  /** Per hit: index into the corpus's file table. */
  get file(): Uint32Array {
    return this.#filed?.file ?? this.#parts.hits.file;
  }

  /** Per hit: line number, from 1. */
  get line(): Uint32Array {
    return this.#filed?.line ?? this.#parts.hits.line;
  }

  /** Per hit: byte column in its line, from 1; a byte order mark is no part of the line. */
  get column(): Uint32Array {
    return this.#parts.hits.column;
  }

  /**
   * Per hit: byte offset in the file, from 0, a UTF-8 byte order mark included; of UTF-16 files in their text as
   * UTF-8.
   */
  get offset(): Float64Array {
    return this.#filed?.offset ?? this.#parts.hits.offset;
  }

  /** Per hit: length in bytes. */
  get length(): Uint32Array {
    return this.#parts.hits.length;
  }

  /** Files that have hits. */
  get fileCount(): number {
    if (this.#fileCount === undefined) {
      const { file } = this;
      let count = 0;
      for (let index = 0; index < file.length; index++) if (file[index] !== file[index - 1]) count++;
      this.#fileCount = count;
    }
    return this.#fileCount;
  }

  /**
   * Files that had changed since they were loaded, as far as this search had to read them again. Indexes, ascending.
   */
  get changedFiles(): number[] {
    const { corpus, changed } = this.#parts;
    return [...new Set([...changed.keys()].map((row) => corpus.fileOf(row)))];
  }

  /** Files of the corpus that were not searched, and why. */
  get skippedFiles(): readonly SkippedFile[] {
    const { corpus, skipped } = this.#parts;
    return skipped.length === 0 ? corpus.skipped : [...corpus.skipped, ...skipped];
  }

  /** From submission until the backend's answer was seen, microseconds; 0 where the host alone searched. */
  get roundTripUs(): number {
    return this.#parts.roundTripUs;
  }

  /** What the host did with the answer, microseconds. */
  get verifyUs(): number {
    return this.#parts.verifyUs;
  }

  /** Path of a hit's file, as the walk found it. @param index of the hit */
  path(index: number): string {
    return this.#parts.corpus.corpus.files.path(this.#fileOf(index));
  }

  /**
   * The line that a hit begins in, without its line feed.
   * @param index of the hit
   * @throws EW_FILE_CHANGED where the file on disk is not what was searched, EW_BAD_ARGUMENT
   */
  lineText(index: number): string {
    assertHit(index, this.count);
    const { corpus, hits } = this.#parts;
    const row = hits.file[index] as number;
    this.#assertUnchanged(row, this.stampOf(index));
    const offset = this.offset[index] as number;
    const start = offset - (this.column[index] as number) + 1;
    if (
      corpus.loaded.placement.isPart(row) ||
      ((corpus.loaded.placement.flags[row] as number) & FILE_FLAGS.OVERSIZE) !== 0
    )
      return lineOnDisk(corpus.loaded.placement.files.openPath(row), start, corpus.corpus.allText);
    if (this.#shown?.row !== row) this.#shown = { row, bytes: corpus.shownContent(row) };
    const { bytes } = this.#shown;
    if (bytes === undefined) this.#throwChanged(row);
    const feed = bytes.indexOf(LINE_FEED, offset);
    return bytes.toString("utf8", start, feed === -1 ? bytes.length : feed);
  }

  /** @internal A hit's file as it was when it was searched; undefined: it was gone when it was to be read again. */
  stampOf(index: number): FileStamp | undefined {
    const { corpus, changed, hits } = this.#parts;
    const row = hits.file[index] as number;
    return changed.has(row) ? changed.get(row) : loadedStamp(corpus.loaded.placement, row);
  }

  /** The columns by file and not by row of the placement; undefined where those are the same. */
  get #filed(): { file: Uint32Array; line: Uint32Array; offset: Float64Array } | undefined {
    const { corpus, hits } = this.#parts;
    const { parts } = corpus.loaded.placement;
    if (parts === undefined) return undefined;
    return (this.#whole ??= {
      file: hits.file.map((row) => parts.file[row] as number),
      line: hits.line.map((line, index) => line + (parts.lineFeeds[hits.file[index] as number] as number)),
      offset: hits.offset.map(
        (offset, index) => offset + (parts.offset[hits.file[index] as number] as number),
      ),
    });
  }

  #fileOf(index: number): number {
    assertHit(index, this.count);
    return this.file[index] as number;
  }

  /** One stat call; a file that changes between this and the reading of its line is not noticed. */
  #assertUnchanged(row: number, seen: FileStamp | undefined): void {
    const now = statSync(this.#parts.corpus.loaded.placement.files.openPath(row), { throwIfNoEntry: false });
    if (seen === undefined || now === undefined || !sameStamp(seen, stampOf(now))) this.#throwChanged(row);
  }

  #throwChanged(row: number): never {
    const path = this.#parts.corpus.loaded.placement.files.path(row);
    throw fileChangedError(path);
  }
}

/** The line cannot be shown: the file on disk is not what was searched. */
export function fileChangedError(path: string): EverwarpError {
  return new EverwarpError("EW_FILE_CHANGED", `${path} changed on disk after it was loaded`, {
    remedy: "Load the corpus again.",
  });
}
