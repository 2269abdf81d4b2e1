/** The second pass of a load: files that were too large for a place are loaded in parts. */
import { allocateScanBuffer } from "../scanner/index.ts";
import { cutsOf, loadParts, type Rows, withPartRows } from "./file-parts.ts";
import type { FileTable } from "./file-table.ts";
import { isSystemError } from "./is-system-error.ts";
import type { WindowSource } from "./place-writer.ts";
import {
  FILE_FLAGS,
  type FileParts,
  type LoadError,
  PlacementColumns,
  type PlacementMemory,
  type Run,
  RUN_WORDS,
} from "./placement.ts";

const SCRATCH_BYTES = 1 << 20;

/** What a load has read so far. */
export interface Loaded {
  readonly files: FileTable;
  readonly columns: PlacementMemory;
  /** Runs of rows, as `Run` says. */
  readonly runs: readonly Uint32Array[];
  readonly errors: readonly LoadError[];
  readonly loadedCount: number;
  readonly contentBytes: number;
  readonly parts?: FileParts;
}

/** Loads what the first pass flagged as OVERSIZE, where it can be cut. @throws what the source throws */
export async function loadLargeFiles(
  loaded: Loaded,
  source: WindowSource,
  allText: boolean,
): Promise<Loaded> {
  const { files } = loaded;
  const before = new PlacementColumns(loaded.columns);
  const cuts = new Map<number, readonly number[]>();
  const errors = [...loaded.errors];
  const failed = (row: number, columns: PlacementColumns, error: unknown): void => {
    if (!isSystemError(error)) throw error;
    columns.flags[row] = FILE_FLAGS.FAILED;
    errors.push({ file: row, code: error.code, message: error.message });
  };
  for (let file = 0; file < files.fileCount; file++) {
    if (((before.flags[file] as number) & FILE_FLAGS.OVERSIZE) === 0) continue;
    try {
      const places = cutsOf(files.openPath(file), before.sizeBytes[file] as number, source.maxPlaceBytes);
      if (places !== undefined) cuts.set(file, places);
    } catch (error) {
      failed(file, before, error);
    }
  }
  if (cuts.size === 0) return { ...loaded, errors: sorted(errors) };

  const rows = withPartRows(files, loaded.columns, cuts);
  const columns = new PlacementColumns(rows.columns);
  const runs = loaded.runs.map((words) => renumbered(words, rows, cuts));
  for (const [index, error] of errors.entries())
    errors[index] = { ...error, file: rows.rowOf[error.file] as number };
  const scratch = allocateScanBuffer(SCRATCH_BYTES);
  let { contentBytes, loadedCount } = loaded;
  for (const [file, places] of cuts) {
    const first = rows.rowOf[file] as number;
    try {
      const keepsAll = allText || files.explicit(file);
      runs.push(await loadParts({ rows, file, cuts: places, keepsAll, source, scratch }));
      loadedCount++;
      for (let part = 0; part < places.length; part++) contentBytes += columns.length[first + part] as number;
    } catch (error) {
      for (let part = 0; part < places.length; part++) {
        columns.flags[first + part] = FILE_FLAGS.FAILED;
        columns.length[first + part] = 0;
      }
      failed(first, columns, error);
    }
  }
  return {
    files: rows.files,
    columns: rows.columns,
    runs,
    errors: sorted(errors),
    loadedCount,
    contentBytes,
    parts: rows.parts,
  };
}

const sorted = (errors: LoadError[]): LoadError[] => errors.sort((a, b) => a.file - b.file);

/** Runs of files as runs of rows. A run ends where the parts of a large file come in between: they lie elsewhere. */
function renumbered(
  runs: Uint32Array,
  rows: Rows,
  cuts: ReadonlyMap<number, readonly number[]>,
): Uint32Array {
  const { start, length } = new PlacementColumns(rows.columns);
  const words: number[] = [];
  for (let at = 0; at < runs.length; at += RUN_WORDS) {
    const [segment, , , firstFile, lastFile] = runs.subarray(at, at + RUN_WORDS) as unknown as Run;
    let open: Run | undefined;
    for (let file = firstFile; file <= lastFile; file++) {
      if (cuts.has(file)) open = undefined;
      const row = rows.rowOf[file] as number;
      if (cuts.has(file) || length[row] === 0) continue;
      const end = (start[row] as number) + (length[row] as number);
      if (open !== undefined) words.splice(-RUN_WORDS);
      open =
        open === undefined
          ? [segment, start[row] as number, end, row, row]
          : [segment, open[1], end, open[3], row];
      words.push(...open);
    }
  }
  return Uint32Array.from(words);
}
