/**
 * What a search of a tree found, by files that have hits.
 *
 * Lines are read from the disk when they are asked for, and only where the file there is the one that was searched.
 */
import { statSync } from "node:fs";
import {
  assertHit,
  fileChangedError,
  type FileStamp,
  type FoundFile,
  type HitList,
  lineOnDisk,
  placeOf,
  sameStamp,
  stampOf,
  type TextHits,
} from "../../search/index.ts";

/** A file with hits. */
export interface HitFile extends Pick<FoundFile, "path" | "pathBytes"> {
  /** How it was when it was searched. Undefined: it changed and was gone since. */
  readonly stamp: FileStamp | undefined;
}

/** What hits are made of. */
export interface TreeHitsParts {
  /** They may be more than those that have hits here. */
  readonly files: readonly HitFile[];
  /** `file` is an index into `files`. */
  readonly columns: HitList;
  /** The folder that relative paths refer to, absolute. */
  readonly directory: string;
  /** Files are text to their ends, whatever they contain. */
  readonly allText: boolean;
  readonly truncated: boolean;
  readonly skippedFiles: TextHits["skippedFiles"];
  readonly roundTripUs: number;
  readonly verifyUs: number;
}

/** Columns for so many hits, to be filled. */
export function hitColumns(count: number): HitList {
  return {
    count,
    file: new Uint32Array(count),
    line: new Uint32Array(count),
    column: new Uint32Array(count),
    offset: new Float64Array(count),
    length: new Uint32Array(count),
  };
}

/** The hits of a tree. */
export class TreeHits implements TextHits {
  readonly #parts: TreeHitsParts;

  /** @internal */
  constructor(parts: TreeHitsParts) {
    this.#parts = parts;
  }

  /** Hits in the arrays below. */
  get count(): number {
    return this.#parts.columns.count;
  }

  /** There are more hits than `maxHits` allowed. */
  get truncated(): boolean {
    return this.#parts.truncated;
  }

  /** Per hit: the number of its file among those that have hits. */
  get file(): Uint32Array {
    return this.#parts.columns.file;
  }

  /** Per hit: line number, from 1. */
  get line(): Uint32Array {
    return this.#parts.columns.line;
  }

  /** Per hit: byte column in its line, from 1; a byte order mark is no part of the line. */
  get column(): Uint32Array {
    return this.#parts.columns.column;
  }

  /** Per hit: byte offset in the file, from 0; of UTF-16 files in their text as UTF-8. */
  get offset(): Float64Array {
    return this.#parts.columns.offset;
  }

  /** Per hit: length in bytes. */
  get length(): Uint32Array {
    return this.#parts.columns.length;
  }

  /** Files that have hits. */
  get fileCount(): number {
    const { file, count } = this.#parts.columns;
    let files = 0;
    for (let index = 0; index < count; index++) if (file[index] !== file[index - 1]) files++;
    return files;
  }

  /** Files of the tree that were not searched, and why. */
  get skippedFiles(): TextHits["skippedFiles"] {
    return this.#parts.skippedFiles;
  }

  /** From submission to the engine until its answer was seen, microseconds; the way through a socket does not count. */
  get roundTripUs(): number {
    return this.#parts.roundTripUs;
  }

  /** What the engine's host did with the answer, microseconds. */
  get verifyUs(): number {
    return this.#parts.verifyUs;
  }

  /** Path of a hit's file, as the walk found it. @param index of the hit */
  path(index: number): string {
    return this.#fileOf(index).path;
  }

  /** The bytes of that path. @param index of the hit */
  pathBytes(index: number): Buffer {
    const { path, pathBytes } = this.#fileOf(index);
    return pathBytes ?? Buffer.from(path);
  }

  /** Where a hit's file is opened. @param index of the hit */
  openPath(index: number): string | Buffer {
    return placeOf(this.#fileOf(index), this.#parts.directory);
  }

  /**
   * The line that a hit begins in, without its line feed.
   * @param index of the hit
   * @throws EW_FILE_CHANGED where the file on disk is not what was searched, EW_BAD_ARGUMENT
   */
  lineText(index: number): string {
    const { path, stamp } = this.#fileOf(index);
    const place = this.openPath(index);
    const now = statSync(place, { throwIfNoEntry: false });
    if (stamp === undefined || now === undefined || !sameStamp(stamp, stampOf(now)))
      throw fileChangedError(path);
    const { allText, columns } = this.#parts;
    const start = (columns.offset[index] as number) - (columns.column[index] as number) + 1;
    return lineOnDisk(place, start, allText);
  }

  /** @internal For whoever sends the hits on. */
  get parts(): TreeHitsParts {
    return this.#parts;
  }

  #fileOf(index: number): HitFile {
    assertHit(index, this.count);
    const { files, columns } = this.#parts;
    return files[columns.file[index] as number] as HitFile;
  }
}
