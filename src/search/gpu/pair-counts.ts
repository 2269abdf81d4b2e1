/**
 * Counts each pair of neighbouring bytes in a sample of a corpus. The scan kernel looks for the rarest pair of a
 * literal. The rarest pair differs from tree to tree: "qu" is rare in most, but common in a tree about queues.
 */
import type { Device } from "../../vulkan/index.ts";
import { BYTE_RANK } from "../scanner/index.ts";
import type { DeviceSegment } from "./device-sink.ts";

const PIECE_BYTES = 4096;
const PIECES_MAX = 256;

/** How often each pair of bytes was seen. See the head of this file. */
export class PairCounts {
  readonly #counts: Uint32Array;
  readonly #total: number;

  /** @param counts of the pair (first, second) at first × 256 + second */
  constructor(counts: Uint32Array) {
    this.#counts = counts;
    this.#total = Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    );
  }

  /**
   * Reads up to 1 MiB back, spread evenly over the segments. Nothing else may be running on the device's compute
   * queue.
   */
  static sample(device: Device, segments: readonly DeviceSegment[]): PairCounts {
    const counts = new Uint32Array(65_536);
    const totalBytes = segments.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    const stepBytes = Math.max(PIECE_BYTES, Math.ceil(totalBytes / PIECES_MAX / 16) * 16);
    const places = segments.flatMap(({ buffer, usedBytes }) =>
      Array.from({ length: Math.floor(usedBytes / stepBytes) + 1 }, (_, piece) => ({
        buffer,
        offset: piece * stepBytes,
        sizeBytes: Math.min(PIECE_BYTES, usedBytes - piece * stepBytes),
      })).filter(({ sizeBytes }) => sizeBytes > 0),
    );
    if (places.length === 0) return new PairCounts(counts);
    using sample = device.createBuffer({
      role: "readback",
      sizeBytes: places.length * PIECE_BYTES,
      label: "corpus sample",
    });
    device.run((recorder) => {
      for (const [index, { buffer, offset, sizeBytes }] of places.entries()) {
        recorder.copy(buffer, sample, [
          { sourceOffset: offset, targetOffset: index * PIECE_BYTES, sizeBytes },
        ]);
      }
      recorder.barrier("transfer", "host");
    });
    const bytes = Buffer.from(new Uint8Array(sample.host)); // a copy: the memory goes
    for (const [index, { sizeBytes }] of places.entries()) {
      const end = index * PIECE_BYTES + sizeBytes;
      for (let at = index * PIECE_BYTES + 1; at < end; at++) counts[(bytes[at - 1] << 8) | bytes[at]]++;
    }
    return new PairCounts(counts);
  }

  /**
   * Offset of the pair of a literal that is rarest; 0 for a literal of one byte. What the sample does not tell,
   * common usage does.
   */
  rarest(bytes: Uint8Array, ignoreAsciiCase: boolean): number {
    let best = 0;
    let bestCount = Infinity;
    for (let at = 1; at < bytes.length; at++) {
      const first = bytes[at - 1];
      const second = bytes[at];
      // Ranks are below 256: they only decide between pairs that the sample has equally often.
      const count = this.#count(first, second, ignoreAsciiCase) * 512 + BYTE_RANK[first] + BYTE_RANK[second];
      if (count < bestCount) {
        bestCount = count;
        best = at - 1;
      }
    }
    return best;
  }

  /** How much of all pairs is the one at an offset of a literal: 0 to 1. */
  share(bytes: Uint8Array, at: number, ignoreAsciiCase: boolean): number {
    return this.#count(bytes[at], bytes[at + 1], ignoreAsciiCase) / this.#total;
  }

  #count(first: number, second: number, ignoreAsciiCase: boolean): number {
    const counts = this.#counts;
    let count = counts[(first << 8) | second];
    if (!ignoreAsciiCase) return count;
    const upperFirst = isLetter(first) ? first - 0x20 : first;
    const upperSecond = isLetter(second) ? second - 0x20 : second;
    if (upperFirst !== first) count += counts[(upperFirst << 8) | second];
    if (upperSecond !== second) count += counts[(first << 8) | upperSecond];
    if (upperFirst !== first && upperSecond !== second) count += counts[(upperFirst << 8) | upperSecond];
    return count;
  }
}

function isLetter(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}
