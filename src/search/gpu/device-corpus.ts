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
import type { Literal } from "../contracts.ts";
import { DeviceSignatures, type SkippingTrial, type SkippingTarget } from "./device-signatures.ts";
import type { DevicePlanes } from "./device-planes.ts";
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
  /** The same for the match kernel. */
  readonly matchTileCount: number;
  /** Files that begin with a byte order mark, in their order. */
  readonly markedFiles: Uint32Array;
  readonly map: FileMap;
  readonly segmentTable: DeviceBuffer;
  readonly pairs: PairCounts;
  /** Undefined where the corpus has none. */
  readonly signatures: DeviceSignatures | undefined;
  /** The text. */
  readonly segments: readonly DeviceSegment[];
  /** Made when lines are counted for the first time. */
  planes: DevicePlanes | undefined;
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
    matchTileBytes: number;
    index: number;
    /** Undefined where no signatures are to be made. */
    signing: { readonly pipeline: ComputePipeline; readonly trial: SkippingTrial } | undefined;
    unload: (corpus: DeviceCorpus) => Promise<void>;
  }) {
    const { device, pipelines, corpus, segments, placement } = options;
    this.corpus = corpus;
    this.placement = placement;
    this.index = options.index;
    this.segments = segments;
    this.#unload = options.unload;
    this.#buffers = segments.map(({ buffer }) => buffer);
    const create = (role: "device" | "upload", sizeBytes: number, label: string): DeviceBuffer => {
      const buffer = device.createBuffer({ role, sizeBytes, label });
      this.#buffers.push(buffer);
      return buffer;
    };
    try {
      this.segmentTable = create("upload", tableBytes(segments.length), "segment table");
      const words = new Uint32Array(this.segmentTable.host);
      const entries: Entry[] = [];
      let [tileCount, matchTileCount] = [0, 0];
      for (const [number, segment] of segments.entries()) {
        const groupCount = Math.max(1, Math.ceil(segment.usedBytes / GROUP_BYTES));
        const entry = {
          data: segment.buffer.address,
          blockRanks: create("device", groupCount * Newline.GROUP_BLOCKS * 4, "newline index, blocks")
            .address,
          groupRanks: create("device", groupCount * 4, "newline index, groups").address,
          firstTile: tileCount,
          tileCount: Math.ceil(segment.usedBytes / options.tileBytes),
          firstMatchTile: matchTileCount,
          blockCount: Math.ceil(segment.usedBytes / Newline.BLOCK_BYTES),
        };
        tileCount += entry.tileCount;
        matchTileCount += Math.ceil(segment.usedBytes / options.matchTileBytes);
        entries.push(entry);
        SegmentEntry.pack(entry, words.subarray((number * SegmentEntry.strideBytes) / 4));
        buildIndex(device, pipelines, entry, groupCount);
      }
      this.tileCount = tileCount;
      this.matchTileCount = matchTileCount;
      this.markedFiles = filesWithMark(placement);
      this.pairs = PairCounts.sample(device, segments);
      this.map = rankFiles(device, pipelines, placement, entries);
      const signed = { device, segments, pairs: this.pairs, create };
      this.signatures = options.signing && DeviceSignatures.build({ ...signed, ...options.signing });
    } catch (error) {
      this.dispose(); // the device had no room for the index, or was lost
      throw error;
    }
  }

  get signatureBytes(): number {
    return this.signatures?.sizeBytes ?? 0;
  }

  get planeBytes(): number {
    return this.planes?.sizeBytes ?? 0;
  }

  /** The bytes are on the device alone. */
  bytes(): undefined {
    return undefined;
  }

  /** How a literal is looked for in the blocks that its signature leaves; undefined: in all tiles. */
  skippingFor(literal: Literal): SkippingTarget | undefined {
    const pairOffset = this.signatures?.pairOffset(literal) ?? -1;
    if (this.signatures === undefined || pairOffset < 0) return undefined;
    return { address: this.signatures.address, pairOffset };
  }

  async unload(): Promise<void> {
    if (this.isLoaded) await this.#unload(this);
  }

  /** Frees the memory. No kernel may be running. */
  dispose(): void {
    this.isLoaded = false;
    this.planes?.dispose();
    this.planes = undefined;
    for (const buffer of this.#buffers.splice(0).toReversed()) buffer[Symbol.dispose]();
  }
}

const tableBytes = (segmentCount: number): number => Math.max(1, segmentCount) * SegmentEntry.strideBytes;

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

function filesWithMark({ flags, files }: Placement): Uint32Array {
  const marked: number[] = [];
  for (let file = 0; file < files.fileCount; file++) {
    if ((flags[file] & FILE_FLAGS.UTF8_MARK) !== 0) marked.push(file);
  }
  return Uint32Array.from(marked);
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
