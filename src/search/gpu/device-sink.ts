/**
 * Takes a corpus's bytes to the device while they are read: loader threads fill staging buffers, full ones are copied
 * behind their back.
 *
 *     loader threads ──▶ staging window (mapped) ──copy──▶ segment (device memory, filled with line feeds before)
 *
 * Invariants: a staging buffer belongs either to the pool, to one window, or to one copy in flight; a segment is
 * never moved. What no window covers stays line feeds, so that gaps hold no hit and end every line.
 */
import { assert, EverwarpError } from "../../base/index.ts";
import type { CommandBuffer, Device, DeviceBuffer, Fence } from "../../vulkan/index.ts";
import type { CorpusSink, Position, SinkWindow } from "../corpus/index.ts";
import { Record as HitRecord } from "./scan.schema.ts";

const CHUNK_BYTES = 256 << 10;
const SEGMENT_BYTES_FIRST = 8 << 20;
const SEGMENT_BYTES_MAX = 1 << 30;
const SEGMENTS_MAX = 1 << HitRecord.SEGMENT_BITS;
/** Room behind a segment's last byte: kernels read whole tiles, and a literal's length further. */
export const SEGMENT_PADDING_BYTES = 256 << 10;
const LINE_FEEDS = 0x0a0a_0a0a;
const UPLOAD_TIMEOUT_MS = 30_000;

/** A run of device memory that files are packed into. */
export interface DeviceSegment {
  readonly buffer: DeviceBuffer;
  /** Bytes given out, from 0. */
  usedBytes: number;
  /** Bytes that can be given out. */
  readonly capacityBytes: number;
}

/** Longest run of bytes that a device keeps in one piece. */
export function maxPlaceBytes(device: Device): number {
  return Math.min(device.limits.maxAllocationBytes, 2 ** 32) - 2 * SEGMENT_PADDING_BYTES;
}

interface Staging {
  readonly buffer: DeviceBuffer;
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
}

/** The memory of a device, as the loader fills it. See the head of this file. */
export class DeviceSink implements CorpusSink {
  readonly chunkBytes: number;
  readonly maxPlaceBytes: number;
  readonly segments: DeviceSegment[] = [];
  readonly #device: Device;
  readonly #stagingMax: number;
  readonly #staging: Staging[] = [];
  readonly #free: Staging[] = [];
  /** Staging buffers that windows are open on, by address: a window comes back from a thread as a copy. */
  readonly #windows = new Map<bigint, Staging>();
  readonly #waiting: ((staging: Staging) => void)[] = [];
  readonly #uploads = new Set<Promise<void>>();
  #failure: unknown;

  /**
   * @param stagingMax staging buffers at most; two a loader thread keep all busy
   * @param chunkBytes size of a staging buffer
   */
  constructor(device: Device, stagingMax: number, chunkBytes = CHUNK_BYTES) {
    this.#device = device;
    this.chunkBytes = chunkBytes;
    this.#stagingMax = stagingMax;
    this.maxPlaceBytes = maxPlaceBytes(device);
  }

  /** @throws EW_OUT_OF_DEVICE_MEMORY, EW_CORPUS_TOO_LARGE beyond 256 segments */
  reserve(lengthBytes: number): Position {
    let segment = this.segments.at(-1);
    if (segment === undefined || segment.usedBytes + lengthBytes > segment.capacityBytes) {
      segment = this.#addSegment(lengthBytes);
    }
    const position = { segment: this.segments.length - 1, offsetBytes: segment.usedBytes };
    segment.usedBytes += lengthBytes;
    return position;
  }

  open(position: Position, lengthBytes: number): SinkWindow | Promise<SinkWindow> {
    if (this.#failure !== undefined) throw this.#failure;
    const toWindow = (staging: Staging): SinkWindow => {
      const address = staging.buffer.hostAddress as bigint;
      this.#windows.set(address, staging);
      return {
        ...position,
        lengthBytes: Math.min(lengthBytes, this.chunkBytes),
        memory: { kind: "address", address },
      };
    };
    const staging = this.#free.pop() ?? this.#addStaging();
    if (staging !== undefined) return toWindow(staging);
    return new Promise<Staging>((resolve) => this.#waiting.push(resolve)).then(toWindow);
  }

  commit(window: SinkWindow, usedBytes: number): void {
    const address = window.memory.kind === "address" ? window.memory.address : 0n;
    const staging = this.#windows.get(address);
    assert(staging !== undefined, "only an open window is committed");
    this.#windows.delete(address);
    if (usedBytes === 0) return this.#release(staging);
    const target = this.segments[window.segment].buffer;
    staging.commandBuffer.record((recorder) =>
      recorder.copy(staging.buffer, target, [
        { sourceOffset: 0, targetOffset: window.offsetBytes, sizeBytes: usedBytes },
      ]),
    );
    this.#device.transferQueue.submit(staging.commandBuffer, staging.fence);
    const upload = this.#finishUpload(staging).finally(() => this.#uploads.delete(upload));
    this.#uploads.add(upload);
  }

  /** Resolves when all bytes are in device memory; the staging buffers are gone then. @throws what an upload threw */
  async finish(): Promise<void> {
    await Promise.all(this.#uploads);
    this.#disposeStaging();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Frees everything, after a load that failed. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#uploads);
    this.#disposeStaging();
    for (const { buffer } of this.segments.splice(0)) buffer[Symbol.dispose]();
  }

  async #finishUpload(staging: Staging): Promise<void> {
    try {
      if (!(await staging.fence.waitAsync({ timeoutMs: UPLOAD_TIMEOUT_MS }))) {
        throw new EverwarpError(
          "EW_TIMEOUT",
          `an upload of ${this.chunkBytes} bytes did not end within ${UPLOAD_TIMEOUT_MS} ms`,
          {
            remedy: "Another program may hold the device; try again.",
          },
        );
      }
      staging.fence.reset();
      this.#release(staging);
    } catch (error) {
      // Told by `open` and `finish`; the loader stops at the first of them.
      this.#failure ??= error;
      for (const resolve of this.#waiting.splice(0)) resolve(staging);
    }
  }

  #release(staging: Staging): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(staging);
    else next(staging);
  }

  #addStaging(): Staging | undefined {
    if (this.#staging.length >= this.#stagingMax) return undefined;
    const device = this.#device;
    const staging = {
      buffer: device.createBuffer({ role: "staging", sizeBytes: this.chunkBytes, label: "corpus staging" }),
      commandBuffer: device.createCommandBuffer({ queue: device.transferQueue }),
      fence: device.createFence(),
    };
    this.#staging.push(staging);
    return staging;
  }

  #disposeStaging(): void {
    this.#free.length = 0;
    for (const { buffer, commandBuffer, fence } of this.#staging.splice(0)) {
      fence[Symbol.dispose]();
      commandBuffer[Symbol.dispose]();
      buffer[Symbol.dispose]();
    }
  }

  #addSegment(lengthBytes: number): DeviceSegment {
    if (this.segments.length === SEGMENTS_MAX) {
      throw new EverwarpError("EW_CORPUS_TOO_LARGE", `a corpus of more than ${SEGMENTS_MAX} segments`, {
        remedy: "Load the tree as several corpora.",
      });
    }
    const grown = Math.min(SEGMENT_BYTES_MAX, SEGMENT_BYTES_FIRST * 2 ** this.segments.length);
    const capacityBytes = Math.min(this.maxPlaceBytes, Math.max(grown, lengthBytes));
    const buffer = this.#device.createBuffer({
      role: "device",
      sizeBytes: capacityBytes + SEGMENT_PADDING_BYTES,
      label: `corpus segment ${this.segments.length}`,
    });
    this.#device.run((recorder) => recorder.fill(buffer, 0, buffer.sizeBytes, LINE_FEEDS));
    const segment = { buffer, usedBytes: 0, capacityBytes };
    this.segments.push(segment);
    return segment;
  }
}
