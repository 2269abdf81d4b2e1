/**
 * Signatures of a corpus in device memory, and which requests make use of them.
 *
 *     SignatureHead │ SignedSegment 0 │ SignedSegment 1 │ …      rows of each segment: one bit a block
 *                                                                sample: some columns, on the host
 *
 * The sample tells how many blocks a literal leaves. Where most remain, a pass over all tiles is quicker.
 */
import { type SplitAddress, splitAddress } from "../../engine/index.ts";
import type { Infer } from "../../schema/index.ts";
import type { ComputePipeline, Device, DeviceBuffer } from "../../vulkan/index.ts";
import type { Literal } from "../contracts.ts";
import { ALL_ROWS, literalRows, SIGNATURE, WORD_COLUMN_BYTES } from "../signature/index.ts";
import type { PairCounts } from "./pair-counts.ts";
import { SignatureHead, SignatureLaunch, SignedSegment } from "./scan.schema.ts";

const GROUPS_PER_DISPATCH = 32_768;
/** Words of blocks in the sample: 1,024 blocks say enough, and take 256 KiB. */
const SAMPLE_WORDS_MAX = 32;
/** A literal that leaves more of the blocks is looked for in all tiles. */
const REMAINING_SHARE_MAX = 0.25;
/** A pair that is more common is no good place to begin: a block would have too many candidates. */
const PAIR_SHARE_MAX = 1 / 64;
/** Trigrams that must be left behind a pair that is chosen for being rarer. */
const TRIGRAMS_MIN = 4;

/** How a request makes use of signatures: all of the corpus is looked at. */
export interface SkippingTarget {
  /** Address of the corpus's table of signatures. */
  readonly address: SplitAddress;
  /** Where in the literal the pair is that it is looked for by. */
  readonly pairOffset: number;
}

/** What tests change to reach every path. */
export interface SkippingTrial {
  /** Makes hashes collide. Default: all rows. */
  readonly rowMask?: number;
  /** Share of blocks that may remain. */
  readonly remainingShareMax?: number;
  /** Bytes from which on a corpus has signatures. */
  readonly bytesMin?: number;
}

/** A segment as its signatures need it. */
interface SignableSegment {
  readonly buffer: DeviceBuffer;
  readonly usedBytes: number;
}

/** Signatures of one corpus. See the head of this file. */
export class DeviceSignatures {
  /** Address of the table, as two words of a request. */
  readonly address: SplitAddress;
  /** Bytes of device memory that the rows take. */
  readonly sizeBytes: number;
  readonly #rows: Uint32Array;
  readonly #sampledBlocks: number;
  readonly #pairs: PairCounts;
  readonly #trial: SkippingTrial;

  private constructor(
    table: bigint,
    sizeBytes: number,
    sample: { rows: Uint32Array; blockCount: number },
    pairs: PairCounts,
    trial: SkippingTrial,
  ) {
    this.address = splitAddress(table);
    this.sizeBytes = sizeBytes;
    this.#rows = sample.rows;
    this.#sampledBlocks = sample.blockCount;
    this.#pairs = pairs;
    this.#trial = trial;
  }

  /**
   * Builds the signatures. Nothing else may be running on the device's compute queue.
   * @param create makes a buffer that lives as long as the corpus
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  static build(options: {
    device: Device;
    pipeline: ComputePipeline;
    segments: readonly SignableSegment[];
    pairs: PairCounts;
    create: (role: "device" | "upload", sizeBytes: number, label: string) => DeviceBuffer;
    trial: SkippingTrial;
  }): DeviceSignatures {
    const { device, pipeline, segments, create } = options;
    let wordCount = 0;
    const entries = segments.map(({ buffer, usedBytes }): Infer<typeof SignedSegment> => {
      const own = Math.ceil(usedBytes / SIGNATURE.WORD_BYTES);
      const rows = create("device", Math.max(1, own) * WORD_COLUMN_BYTES, "signatures");
      const entry = { data: buffer.address, rows: rows.address, firstWord: wordCount, wordCount: own };
      wordCount += own;
      return entry;
    });
    const table = create(
      "upload",
      SignatureHead.strideBytes + entries.length * SignedSegment.strideBytes,
      "table of signatures",
    );
    const words = new Uint32Array(table.host);
    SignatureHead.pack({ segmentCount: entries.length, wordCount }, words);
    for (const [index, entry] of entries.entries()) {
      const at = SignatureHead.strideBytes + index * SignedSegment.strideBytes;
      SignedSegment.pack(entry, words.subarray(at / 4));
    }
    const sample = makeRows(device, pipeline, entries, wordCount);
    return new DeviceSignatures(
      table.address,
      wordCount * WORD_COLUMN_BYTES,
      sample,
      options.pairs,
      options.trial,
    );
  }

  /**
   * Offset of the pair by which a literal is looked for in the blocks that its signature leaves.
   * @returns −1 where all tiles are to be looked at
   */
  pairOffset({ bytes, ignoreAsciiCase }: Literal): number {
    const { rowMask = ALL_ROWS, remainingShareMax = REMAINING_SHARE_MAX } = this.#trial;
    if (bytes.length < 3) return -1;
    let offset = 0;
    const last = bytes.length - 2 - TRIGRAMS_MIN;
    while (offset < last && this.#pairs.share(bytes, offset, ignoreAsciiCase) > PAIR_SHARE_MAX) offset++;
    return this.remainingShare(literalRows(bytes, offset, rowMask)) <= remainingShareMax ? offset : -1;
  }

  /** Share of the sampled blocks that have all of these rows. */
  remainingShare(rows: readonly number[]): number {
    const width = SAMPLE_WORDS_MAX;
    let remaining = 0;
    for (let word = 0; word < width; word++) {
      let mask = -1;
      for (let index = 0; index < rows.length && mask !== 0; index++)
        mask &= this.#rows[(rows[index] as number) * width + word] as number;
      for (; mask !== 0; mask &= mask - 1) remaining++;
    }
    return this.#sampledBlocks === 0 ? 0 : remaining / this.#sampledBlocks;
  }
}

/** Builds the rows of all segments. @returns the sample: row h at h * SAMPLE_WORDS_MAX */
function makeRows(
  device: Device,
  pipeline: ComputePipeline,
  segments: readonly Infer<typeof SignedSegment>[],
  wordCount: number,
): { rows: Uint32Array; blockCount: number } {
  const sampleStep = Math.max(1, Math.ceil(wordCount / SAMPLE_WORDS_MAX));
  const sampledWords = Math.ceil(wordCount / sampleStep);
  const rows = new Uint32Array(SIGNATURE.ROWS * SAMPLE_WORDS_MAX);
  if (wordCount === 0) return { rows, blockCount: 0 };
  using columns = device.createBuffer({
    role: "readback",
    sizeBytes: sampledWords * WORD_COLUMN_BYTES,
    label: "sample of signatures",
  });
  device.run((recorder) => {
    recorder.bind(pipeline);
    for (const segment of segments) {
      for (let begin = 0; begin < segment.wordCount; begin += GROUPS_PER_DISPATCH) {
        const launch = SignatureLaunch.pack({ segment, columns: columns.address, begin, sampleStep });
        recorder.push(launch).dispatch(Math.min(GROUPS_PER_DISPATCH, segment.wordCount - begin));
      }
    }
    recorder.barrier("compute", "host");
  });
  const sampled = new Uint32Array(columns.host);
  for (let word = 0; word < sampledWords; word++) {
    for (let row = 0; row < SIGNATURE.ROWS; row++)
      rows[row * SAMPLE_WORDS_MAX + word] = sampled[word * SIGNATURE.ROWS + row] as number;
  }
  return { rows, blockCount: sampledWords * 32 };
}
