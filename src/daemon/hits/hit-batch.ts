/**
 * Hits on the socket, in batches. An answer is a sequence of batches, and numbers its files through all of them.
 *
 *     batch   u32 hits · u32 files · u32 bytes of paths · u32 0
 *             · f64 offsets · f64 size, time and number of each file
 *             · u32 files · u32 lines · u32 columns · u32 lengths of hits · u32 ends of paths · paths
 *
 * All numbers are little endian. A file that was gone has the size −1. Files of a batch have the next free numbers.
 */
import { EverwarpError } from "../../base/index.ts";
import type { HitList } from "../../search/index.ts";
import { hitColumns, type HitFile, type TreeHitsParts } from "./tree-hits.ts";

/** Files that are new in a batch, and hits in these and in earlier ones. */
export interface HitBatch {
  readonly files: readonly HitFile[];
  readonly columns: HitList;
}

const HEAD_BYTES = 16;
/** Offset, file, line, column and length. */
const BYTES_PER_HIT = 24;
/** Size, time, number, and the end of the path. */
const BYTES_PER_FILE = 28;
/** A batch ends when it has so many bytes, so that it fits a frame with the path that comes last. */
const BATCH_BYTES = 512 * 1024;
const GONE = -1;

/** The batches of some hits. */
export function* encodeHits({
  files,
  columns,
}: Pick<TreeHitsParts, "files" | "columns">): Generator<Uint8Array> {
  let fromFile = 0;
  for (let from = 0; from < columns.count;) {
    const paths: Buffer[] = [];
    let to = from;
    let sizeBytes = HEAD_BYTES;
    while (to < columns.count && sizeBytes < BATCH_BYTES) {
      for (; fromFile + paths.length <= (columns.file[to] as number);) {
        const path = pathBytesOf(files[fromFile + paths.length] as HitFile);
        paths.push(path);
        sizeBytes += BYTES_PER_FILE + path.length;
      }
      sizeBytes += BYTES_PER_HIT;
      to++;
    }
    yield encodeBatch(files.slice(fromFile, fromFile + paths.length), paths, columns, from, to);
    fromFile += paths.length;
    from = to;
  }
}

const pathBytesOf = ({ path, pathBytes }: HitFile): Buffer => pathBytes ?? Buffer.from(path);

function encodeBatch(
  files: readonly HitFile[],
  paths: readonly Buffer[],
  { file, line, column, offset, length }: HitList,
  from: number,
  to: number,
): Uint8Array {
  const pathBytes = Buffer.concat(paths);
  const layout = layoutOf(to - from, files.length, pathBytes.length);
  const buffer = new ArrayBuffer(layout.sizeBytes);
  new Uint32Array(buffer, 0, 3).set([to - from, files.length, pathBytes.length]);
  const views = viewsOf(buffer, layout);
  views.offset.set(offset.subarray(from, to));
  files.forEach(({ stamp }, index) =>
    views.stamps.set(stamp ? [stamp.sizeBytes, stamp.modifiedMs, stamp.inode] : [GONE, 0, 0], 3 * index),
  );
  for (const [view, given] of [
    [views.file, file],
    [views.line, line],
    [views.column, column],
    [views.length, length],
  ] as const)
    view.set(given.subarray(from, to));
  let end = 0;
  paths.forEach((path, index) => (views.pathEnd[index] = end += path.length));
  views.paths.set(pathBytes);
  return new Uint8Array(buffer);
}

/** @throws EW_DAEMON_PROTOCOL for what is no batch */
export function decodeHits(payload: Uint8Array): HitBatch {
  const { buffer } = new Uint8Array(payload); // numbers lie at multiples of their size there
  const [hits = 0, fileCount = 0, pathBytes = 0] =
    payload.length < HEAD_BYTES ? [] : new Uint32Array(buffer, 0, 3);
  const layout = layoutOf(hits, fileCount, pathBytes);
  if (layout.sizeBytes !== payload.length)
    throw new EverwarpError("EW_DAEMON_PROTOCOL", `hits of ${payload.length} bytes cannot be read`);
  const { stamps, pathEnd, paths, ...columns } = viewsOf(buffer, layout);
  const files = Array.from(pathEnd, (end, index): HitFile => {
    const bytes = Buffer.from(paths.subarray(pathEnd[index - 1] ?? 0, end));
    const path = bytes.toString();
    const [sizeBytes = GONE, modifiedMs = 0, inode = 0] = stamps.subarray(3 * index, 3 * index + 3);
    return {
      path,
      ...(Buffer.from(path).equals(bytes) ? {} : { pathBytes: bytes }),
      stamp: sizeBytes === GONE ? undefined : { sizeBytes, modifiedMs, inode },
    };
  });
  return { files, columns: { count: hits, ...columns } };
}

interface Layout {
  readonly hits: number;
  readonly files: number;
  readonly pathBytes: number;
  readonly sizeBytes: number;
}

function layoutOf(hits: number, files: number, pathBytes: number): Layout {
  const sizeBytes = HEAD_BYTES + BYTES_PER_HIT * hits + BYTES_PER_FILE * files + pathBytes;
  return { hits, files, pathBytes, sizeBytes };
}

/** The columns of a batch in its bytes. */
function viewsOf(buffer: ArrayBuffer, { hits, files, pathBytes }: Layout) {
  let at = HEAD_BYTES;
  const doubles = (count: number): Float64Array =>
    new Float64Array(buffer, (at += 8 * count) - 8 * count, count);
  const words = (count: number): Uint32Array => new Uint32Array(buffer, (at += 4 * count) - 4 * count, count);
  return {
    offset: doubles(hits),
    stamps: doubles(3 * files),
    file: words(hits),
    line: words(hits),
    column: words(hits),
    length: words(hits),
    pathEnd: words(files),
    paths: new Uint8Array(buffer, at, pathBytes),
  };
}

/** One batch of all. */
export function joinBatches(batches: readonly HitBatch[]): HitBatch {
  const [only] = batches;
  if (only !== undefined && batches.length === 1) return only;
  const columns = hitColumns(batches.reduce((sum, each) => sum + each.columns.count, 0));
  let at = 0;
  for (const { columns: from } of batches) {
    for (const name of ["file", "line", "column", "offset", "length"] as const)
      columns[name].set(from[name], at);
    at += from.count;
  }
  return { files: batches.flatMap(({ files }) => files), columns };
}

/** Cuts hits before the last file, of which more may come. */
export function wholeFiles(columns: HitList): { whole: HitList; rest: HitList } {
  const last = columns.file[columns.count - 1];
  let cut = columns.count;
  while (cut > 0 && columns.file[cut - 1] === last) cut--;
  return { whole: part(columns, 0, cut), rest: part(columns, cut, columns.count) };
}

function part({ file, line, column, offset, length }: HitList, from: number, to: number): HitList {
  return {
    count: to - from,
    file: file.subarray(from, to),
    line: line.subarray(from, to),
    column: column.subarray(from, to),
    offset: offset.subarray(from, to),
    length: length.subarray(from, to),
  };
}
