/**
 * Loads a corpus into a sink from memory that holds the corpus already, so that no file is read twice.
 *
 *   shared segment:  │ work areas │ run: files and units … │ gap │ run …
 *                                   └── copied as one place of the sink ──┘
 *
 * Guarantees: the rows of the copy are the rows of the original, and their contents are equal. Only segments and
 * offsets differ.
 */
import { setImmediate as turn } from "node:timers/promises";
import { nowMs, SLICE_MS } from "../../base/index.ts";
import { paddedLength } from "./place-writer.ts";
import { Placement, PlacementColumns, type UnitColumns } from "./placement.ts";
import type { CorpusSink } from "./sink.ts";
import { windowBytes } from "./window-bytes.ts";

/** So much is copied at a time, where it lies together. */
const CHUNK_BYTES = 4 << 20;

/** Units that lie in one run of bytes. */
interface Run {
  readonly units: number[];
  readonly segment: number;
  readonly start: number;
  end: number;
}

/**
 * Copies a placement's contents into a sink.
 * @param segments the memories that hold the contents of `from`
 * @throws errors of the sink
 */
export async function copyPlacement(
  from: Placement,
  segments: readonly SharedArrayBuffer[],
  sink: CorpusSink,
): Promise<Placement> {
  const startMs = nowMs();
  const memory = {
    ...from.memory,
    segment: new SharedArrayBuffer(from.memory.segment.byteLength),
    start: new SharedArrayBuffer(from.memory.start.byteLength),
  };
  const columns = new PlacementColumns(memory);
  const units = copyOfUnits(from.units);
  let arenaBytes = 0;
  for (const run of runsOf(from.units)) {
    const bytes = new Uint8Array(segments[run.segment] as SharedArrayBuffer);
    const position = await copyRun(bytes, run, sink);
    arenaBytes += position.lengthBytes;
    moveRun(from, columns, units, run, position);
  }
  await sink.finish();
  const stats = { ...from.stats, arenaBytes, loadMs: from.stats.loadMs + nowMs() - startMs, threads: 0 };
  return new Placement(from.files, memory, units, from.errors, stats, from.parts);
}

/** Copies the bytes of a run. @returns where they are now */
async function copyRun(
  bytes: Uint8Array,
  { start, end }: Run,
  sink: CorpusSink,
): Promise<{ segment: number; offsetBytes: number; lengthBytes: number }> {
  // The line feeds behind the last file are copied too: there is at least one, up to a multiple of the alignment.
  const lengthBytes = paddedLength(end - start);
  const position = sink.reserve(lengthBytes);
  let sliceEndMs = nowMs() + SLICE_MS;
  for (let done = 0; done < lengthBytes;) {
    const at = { segment: position.segment, offsetBytes: position.offsetBytes + done };
    const window = await sink.open(at, lengthBytes - done);
    const length = Math.min(window.lengthBytes, lengthBytes - done);
    windowBytes(window).set(bytes.subarray(start + done, start + done + length));
    sink.commit(window, length);
    done += length;
    if (nowMs() < sliceEndMs) continue;
    await turn();
    sliceEndMs = nowMs() + SLICE_MS;
  }
  return { ...position, lengthBytes };
}

/** Writes where a run's files and units lie now. */
function moveRun(
  from: Placement,
  columns: PlacementColumns,
  units: UnitColumns,
  run: Run,
  position: { segment: number; offsetBytes: number },
): void {
  const by = position.offsetBytes - run.start;
  for (const unit of run.units) {
    units.segment[unit] = position.segment;
    for (const column of [units.start, units.startEnd, units.end])
      column[unit] = (column[unit] as number) + by;
    for (let file = units.firstFile[unit] as number; file <= (units.lastFile[unit] as number); file++) {
      if (from.length[file] === 0) continue;
      columns.segment[file] = position.segment;
      columns.start[file] = (from.start[file] as number) + by;
    }
  }
}

/**
 * Runs of bytes that follow each other in memory, most of them as long as a chunk. Units of one large file share their
 * end, and overlap. Between two other units that follow each other lies the padding alone.
 */
function runsOf(units: UnitColumns): Run[] {
  const order = Array.from({ length: units.count }, (_, unit) => unit).sort(
    (a, b) => units.segment[a]! - units.segment[b]! || units.start[a]! - units.start[b]!,
  );
  const runs: Run[] = [];
  for (const unit of order) {
    const segment = units.segment[unit]!;
    const [start, end] = [units.start[unit]!, units.end[unit]!];
    const last = runs.at(-1);
    const follows = last?.segment === segment && start <= paddedLength(last.end);
    if (last !== undefined && follows && (last.end === end || end - last.start <= CHUNK_BYTES)) {
      last.units.push(unit);
      last.end = end;
    } else runs.push({ units: [unit], segment, start, end });
  }
  return runs;
}

function copyOfUnits(units: UnitColumns): UnitColumns {
  return {
    ...units,
    segment: units.segment.slice(),
    start: units.start.slice(),
    startEnd: units.startEnd.slice(),
    end: units.end.slice(),
  };
}
