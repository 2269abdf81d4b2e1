/**
 * A corpus in device memory: segments of bytes, their newline index, the tables by which kernels and host find their
 * way.
 *
 *     CorpusEntry[corpusIndex] ──▶ SegmentEntry[] ──▶ data │ blockRanks │ groupRanks
 */
import type { Infer } from "../../schema/index.ts";
import type { ComputePipeline, Device, DeviceBuffer } from "../../vulkan/index.ts";
import type { LoadedCorpus } from "../backend/index.ts";
import { type Corpus, FILE_FLAGS, type Placement } from "../corpus/index.ts";
import type { DeviceSegment } from "./device-sink.ts";
import type { FileMap } from "./hit-records.ts";
import { PairCounts } from "./pair-counts.ts";
import { IndexLaunch, Newline, RankLaunch, SegmentEntry } from "./scan.schema.ts";

const GROUP_BYTES = Newline.BLOCK_BYTES * Newline.GROUP_BLOCKS;
const GROUPS_PER_DISPATCH = 32_768;

/** The programs that make the newline index. */
export interface IndexPipelines {
  readonly newlineCount: ComputePipeline;
  readonly newlineSpine: ComputePipeline;
  readonly lineRanks: ComputePipeline;
}

/** A corpus in device memory. See the head of this file. */
export class DeviceCorpus implements LoadedCorpus {
  readonly corpus: Corpus;
  readonly placement: Placement;
  /** Index in the device's corpus table. */
  readonly index: number;
  readonly tileCount: number;
  readonly map: FileMap;
  readonly segmentTable: DeviceBuffer;
  readonly pairs: PairCounts;
  readonly sharedSegments = undefined;
  isLoaded = true;
  readonly #buffers: DeviceBuffer[];
  readonly #unload: (corpus: DeviceCorpus) => Promise<void>;

  /** Builds the index. Nothing else may be running on the device's compute queue. */
  constructor(options: {
    device: Device;
    pipelines: IndexPipelines;
    corpus: Corpus;
    placement: Placement;
    segments: readonly DeviceSegment[];
    tileBytes: number;
    index: number;
    unload: (corpus: DeviceCorpus) => Promise<void>;
  }) {
    const { device, pipelines, segments, placement } = options;
    this.corpus = options.corpus;
    this.placement = placement;
    this.index = options.index;
    this.#unload = options.unload;
    this.#buffers = segments.map(({ buffer }) => buffer);
    const create = (role: "device" | "upload", sizeBytes: number, label: string): DeviceBuffer => {
      const buffer = device.createBuffer({ role, sizeBytes, label });
      this.#buffers.push(buffer);
      return buffer;
    };
    try {
      const table = create(
        "upload",
        Math.max(1, segments.length) * SegmentEntry.strideBytes,
        "segment table",
      );
      this.segmentTable = table;
      const words = new Uint32Array(table.host);
      const entries: {
        data: bigint;
        blockRanks: bigint;
        groupRanks: bigint;
        firstTile: number;
        tileCount: number;
      }[] = [];
      let tileCount = 0;
      for (const [number, segment] of segments.entries()) {
        const groupCount = Math.max(1, Math.ceil(segment.usedBytes / GROUP_BYTES));
        const entry = {
          data: segment.buffer.address,
          blockRanks: create("device", groupCount * Newline.GROUP_BLOCKS * 4, "newline index, blocks")
            .address,
          groupRanks: create("device", groupCount * 4, "newline index, groups").address,
          firstTile: tileCount,
          tileCount: Math.ceil(segment.usedBytes / options.tileBytes),
        };
        tileCount += entry.tileCount;
        entries.push(entry);
        SegmentEntry.pack(entry, words.subarray((number * SegmentEntry.strideBytes) / 4));
        buildIndex(device, pipelines, entry, groupCount);
      }
      this.tileCount = tileCount;
      this.pairs = PairCounts.sample(device, segments);
      this.map = rankFiles(device, pipelines, placement, entries);
    } catch (error) {
      this.dispose(); // the device had no room for the index, or was lost
      throw error;
    }
  }

  /** The bytes are on the device alone. */
  bytes(): undefined {
    return undefined;
  }

  async unload(): Promise<void> {
    if (this.isLoaded) await this.#unload(this);
  }

  /** Frees the memory. No kernel may be running. */
  dispose(): void {
    this.isLoaded = false;
    for (const buffer of this.#buffers.splice(0).toReversed()) buffer[Symbol.dispose]();
  }
}

type Entry = Infer<typeof SegmentEntry>;

function buildIndex(device: Device, pipelines: IndexPipelines, segment: Entry, groupCount: number): void {
  const constants = (firstGroup: number): Uint32Array =>
    IndexLaunch.pack({ segment, firstGroup, groupCount });
  device.run((recorder) => {
    recorder.bind(pipelines.newlineCount);
    for (let first = 0; first < groupCount; first += GROUPS_PER_DISPATCH) {
      recorder.push(constants(first)).dispatch(Math.min(GROUPS_PER_DISPATCH, groupCount - first));
    }
    recorder.barrier("compute", "compute").bind(pipelines.newlineSpine).push(constants(0)).dispatch(1);
    recorder.barrier("compute", "compute");
  });
}

/** Lists the files in the order of memory, and asks the device how many line feeds lie before each. */
function rankFiles(
  device: Device,
  pipelines: IndexPipelines,
  placement: Placement,
  segments: readonly Entry[],
): FileMap {
  const { files, starts } = filesInMemoryOrder(placement);
  const firstRank = new Uint32Array(files.length);
  if (files.length === 0) return { start: starts, file: files, firstRank };
  using offsets = device.createBuffer({
    role: "staging",
    sizeBytes: files.length * 4,
    label: "file offsets",
  });
  using ranks = device.createBuffer({ role: "readback", sizeBytes: files.length * 4, label: "file ranks" });
  const offsetWords = new Uint32Array(offsets.host);
  for (let index = 0; index < files.length; index++) offsetWords[index] = starts[index] % 2 ** 32;
  device.run((recorder) => {
    recorder.bind(pipelines.lineRanks);
    let first = 0;
    for (const [number, segment] of segments.entries()) {
      let end = first;
      while (end < files.length && starts[end] < (number + 1) * 2 ** 32) end++;
      if (end > first) {
        const launch = RankLaunch.pack({
          segment,
          offsets: offsets.address + BigInt(first * 4),
          ranks: ranks.address + BigInt(first * 4),
          offsetCount: end - first,
        });
        recorder.push(launch).dispatch(Math.ceil((end - first) / Newline.GROUP_BLOCKS));
      }
      first = end;
    }
    recorder.barrier("compute", "host");
  });
  firstRank.set(new Uint32Array(ranks.host, 0, files.length));
  return { start: starts, file: files, firstRank };
}

function filesInMemoryOrder(placement: Placement): { files: Uint32Array; starts: Float64Array } {
  const { units, flags, length, segment, start } = placement;
  const order = Array.from({ length: units.count }, (_, unit) => unit).sort(
    (a, b) => units.segment[a] - units.segment[b] || units.start[a] - units.start[b],
  );
  const files = new Uint32Array(placement.files.fileCount);
  const starts = new Float64Array(placement.files.fileCount);
  let count = 0;
  for (const unit of order) {
    for (let file = units.firstFile[unit]; file <= units.lastFile[unit]; file++) {
      if ((flags[file] & FILE_FLAGS.LOADED) === 0 || length[file] === 0) continue;
      const position = segment[file] * 2 ** 32 + start[file];
      if (count > 0 && position <= starts[count - 1]) continue; // a later part of a file that was cut into units
      files[count] = file;
      starts[count] = position;
      count++;
    }
  }
  return { files: files.slice(0, count), starts: starts.slice(0, count) };
}
