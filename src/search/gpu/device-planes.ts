/**
 * The bit planes of a corpus in device memory: a second copy of its text, made when lines are counted for the first
 * time.
 */
import type { ComputePipeline, Device, DeviceBuffer } from "../../vulkan/index.ts";
import { Plane, TransposeLaunch } from "./planes.schema.ts";

const TILES_PER_DISPATCH = 32_768;

/** The planes of one segment. */
export interface SegmentPlanes {
  readonly buffer: DeviceBuffer;
  /** Words of a plane: whole tiles. */
  readonly wordCount: number;
}

/** A segment of text. */
interface TextSegment {
  readonly buffer: DeviceBuffer;
  readonly usedBytes: number;
}

/** See the head of this file. */
export class DevicePlanes {
  readonly segments: readonly SegmentPlanes[];
  readonly spanShift: number;

  private constructor(segments: readonly SegmentPlanes[], spanShift: number) {
    this.segments = segments;
    this.spanShift = spanShift;
  }

  /** Bytes of device memory that they take. */
  get sizeBytes(): number {
    return this.segments.reduce((sum, { buffer }) => sum + buffer.sizeBytes, 0);
  }

  /**
   * Makes the planes. Nothing else may be running on the device's compute queue.
   * @param text segments with line feeds up to a whole number of tiles
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
   */
  static async build(
    device: Device,
    pipeline: ComputePipeline,
    text: readonly TextSegment[],
    spanShift: number,
  ): Promise<DevicePlanes> {
    const tileWords = Plane.LANES << spanShift;
    const segments: SegmentPlanes[] = [];
    const planes = new DevicePlanes(segments, spanShift);
    try {
      for (const { usedBytes } of text) {
        const tiles = Math.max(1, Math.ceil(usedBytes / (tileWords * Plane.WORD_BYTES)));
        const wordCount = tiles * tileWords;
        const buffer = device.createBuffer({
          role: "device",
          sizeBytes: wordCount * Plane.WORD_BYTES,
          label: "bit planes",
        });
        segments.push({ buffer, wordCount });
      }
      await device.runAsync((recorder) => {
        recorder.bind(pipeline);
        for (const [index, { buffer, wordCount }] of segments.entries()) {
          const tiles = wordCount / tileWords;
          for (let firstTile = 0; firstTile < tiles; firstTile += TILES_PER_DISPATCH) {
            const from = { text: text[index]!.buffer.address, planes: buffer.address };
            recorder
              .push(TransposeLaunch.pack({ ...from, spanShift, firstTile }))
              .dispatch(Math.min(TILES_PER_DISPATCH, tiles - firstTile));
          }
        }
        recorder.barrier("compute", "compute");
      });
      return planes;
    } catch (error) {
      planes.dispose();
      throw error;
    }
  }

  /** Frees the memory. No kernel may be running. */
  dispose(): void {
    for (const { buffer } of this.segments.toReversed()) buffer[Symbol.dispose]();
  }
}
