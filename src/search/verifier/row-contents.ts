/** The contents of a corpus's rows, for any thread. They come from shared memory, or from the files again. */
import {
  FILE_FLAGS,
  type FileParts,
  type FileStamp,
  FileTable,
  type FileTableMemory,
  type PlacementMemory,
  PlacementRows,
  readContent,
} from "../corpus/index.ts";

/** What another thread needs to reach the contents. Sending it is cheap: its large parts are shared memory. */
export interface ContentMemory {
  readonly files: FileTableMemory;
  readonly columns: PlacementMemory;
  readonly parts: FileParts | undefined;
  /** The memories that hold the contents, by segment. Undefined if the host cannot read them. */
  readonly segments: readonly SharedArrayBuffer[] | undefined;
  /** A NUL does not end the content. */
  readonly allText: boolean;
}

/** The content of a row. */
export interface RowContent {
  /** Only to be read. */
  readonly bytes: Buffer;
  /** The file has changed since it was loaded. */
  readonly isChanged: boolean;
  /** The file's state now. Undefined if the file was not read again. */
  readonly stamp: FileStamp | undefined;
}

const NOTHING: RowContent = { bytes: Buffer.alloc(0), isChanged: false, stamp: undefined };

/** Reads contents. Each thread makes its own of the same memory. */
export class RowContents {
  readonly rows: PlacementRows;
  readonly allText: boolean;
  readonly #segments: readonly SharedArrayBuffer[] | undefined;

  constructor(rows: PlacementRows, segments: readonly SharedArrayBuffer[] | undefined, allText: boolean) {
    this.rows = rows;
    this.allText = allText;
    this.#segments = segments;
  }

  /** Contents that another thread sent. */
  static of({ files, columns, parts, segments, allText }: ContentMemory): RowContents {
    return new RowContents(new PlacementRows(new FileTable(files), columns, parts), segments, allText);
  }

  /** To be sent to another thread. */
  get memory(): ContentMemory {
    const { files, memory, parts } = this.rows;
    return {
      files: files.memory,
      columns: memory,
      parts,
      segments: this.#segments,
      allText: this.allText,
    };
  }

  /** Is content in memory, so that looking at a line costs no more than the line? */
  get isInMemory(): boolean {
    return this.#segments !== undefined;
  }

  /** Is the row to be searched by streaming? */
  isStreamed(row: number): boolean {
    return ((this.rows.flags[row] as number) & FILE_FLAGS.OVERSIZE) !== 0;
  }

  /** Bytes that are to be looked at where the row is searched whole. */
  sizeBytes(row: number): number {
    return (this.isStreamed(row) ? this.rows.sizeBytes[row] : this.rows.length[row]) as number;
  }

  /** Where the row's text begins in its content. */
  textStart(row: number): number {
    return this.rows.textStart(row);
  }

  /**
   * The content of a row that was loaded.
   * @returns undefined where the file is gone
   * @throws the system's error where it may not be read
   */
  content(row: number): RowContent | undefined {
    const { segment, start, length } = this.rows;
    const lengthBytes = length[row] as number;
    if (lengthBytes === 0) return NOTHING;
    const memory = this.#segments?.[segment[row] as number];
    if (memory !== undefined) {
      const bytes = Buffer.from(memory, start[row] as number, lengthBytes);
      return { bytes, isChanged: false, stamp: undefined };
    }
    return readContent(this.rows, row, this.allText);
  }

  /** Was the row loaded? */
  isLoaded(row: number): boolean {
    return ((this.rows.flags[row] as number) & FILE_FLAGS.LOADED) !== 0;
  }
}
