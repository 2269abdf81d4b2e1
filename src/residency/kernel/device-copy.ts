/**
 * Copies between device memory and the host, through staging memory of bounded size.
 *
 *     device ──begin──▶ staging ──▶ host, except for the last batch          (the kernel must be parked)
 *                           └──finish──▶ host, slice by slice                (the kernel may run again)
 *
 * Invariants: copies of one `DeviceCopy` run one after the other. They share its staging memory, recordings and fence,
 * which are kept. So a copy that must be fast allocates and records nothing. Memory that the device may still write to
 * is not freed.
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import type { CommandBuffer, Device, DeviceBuffer, Fence, Queue, Recorder } from "../../vulkan/index.ts";
import { hasSignaled } from "../strategies/index.ts";

/** Size of the staging memory. Larger copies use several batches. */
const STAGING_BYTES_MAX = 64 << 20;
/** Bytes that are copied between two turns of the event loop. It takes a few tenths of a millisecond. */
const SLICE_BYTES = 1 << 20;
const COPY_TIMEOUT_MS = 30_000;

/** A part of a device buffer, and the host memory that is its source or target. */
export interface CopyPart {
  readonly buffer: DeviceBuffer;
  readonly offsetBytes: number;
  /** The host memory. Its size is the size of the copy. */
  readonly bytes: Uint8Array;
}

/** A part, and its place in staging memory. */
export interface StagedPart extends CopyPart {
  readonly stagingOffsetBytes: number;
}

/** Copies device memory to the host and back. See the head of this file. */
export class DeviceCopy implements Disposable {
  readonly #device: Device;
  readonly #queue: Queue;
  readonly #stagingBytes: number;
  /** Cached memory, for fast reads by the host. */
  #fromDevice: DeviceBuffer | undefined;
  #toDevice: DeviceBuffer | undefined;
  #fence: Fence | undefined;
  /** Recorded copies from the device, by their regions. */
  readonly #recordings = new Map<string, CommandBuffer>();
  #isPending = false;

  /**
   * @param queue a queue on which nothing runs without end
   * @param sizeBytes maximum size of one copy
   */
  constructor(device: Device, queue: Queue, sizeBytes: number) {
    this.#device = device;
    this.#queue = queue;
    this.#stagingBytes = Math.max(4, Math.min(sizeBytes, STAGING_BYTES_MAX));
  }

  /** Whether the device has not finished a copy that failed or timed out. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /**
   * Allocates and records everything for a copy of these parts, so that the copy itself is fast.
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_OUT_OF_HOST_MEMORY, EW_DEVICE_LOST
   */
  prepare(parts: readonly CopyPart[]): void {
    const staging = this.#staging();
    for (const batch of batches(parts, this.#stagingBytes)) this.#recording(batch, staging);
  }

  /**
   * Copies device memory to staging memory. All batches except the last are also copied to the host.
   * @returns the last batch. `finish` must copy it before the next copy begins; until then its host memory is invalid
   * @throws EW_DEVICE_LOST, EW_TIMEOUT: all host memory of this copy is then invalid
   */
  async begin(parts: readonly CopyPart[]): Promise<readonly StagedPart[]> {
    const staging = this.#staging();
    let staged: readonly StagedPart[] = [];
    for (const batch of batches(parts, this.#stagingBytes)) {
      for (const part of staged) take(part, staging);
      await this.#submit(this.#recording(batch, staging));
      staged = batch;
    }
    return staged;
  }

  /** Copies the batch that `begin` returned, or a part of it, to the host. The event loop runs between slices. */
  async finish(parts: readonly StagedPart[]): Promise<void> {
    const staging = this.#staging();
    let copiedBytes = 0;
    for (const part of parts) {
      for (let at = 0; at < part.bytes.length; at += SLICE_BYTES) {
        if (copiedBytes >= SLICE_BYTES) {
          await turn();
          copiedBytes = 0;
        }
        const bytes = part.bytes.subarray(at, at + SLICE_BYTES);
        take({ ...part, bytes, stagingOffsetBytes: part.stagingOffsetBytes + at }, staging);
        copiedBytes += bytes.length;
      }
    }
  }

  /** Copies a small part to the host at once. */
  take(part: StagedPart): void {
    take(part, this.#staging());
  }

  /** Copies host memory to the device. @throws EW_DEVICE_LOST, EW_TIMEOUT, EW_OUT_OF_DEVICE_MEMORY */
  async write(parts: readonly CopyPart[]): Promise<void> {
    this.#toDevice ??= this.#device.createBuffer({
      role: "staging",
      sizeBytes: this.#stagingBytes,
      label: "restore staging",
    });
    const staging = this.#toDevice;
    for (const batch of batches(parts, this.#stagingBytes)) {
      for (const { bytes, stagingOffsetBytes } of batch)
        new Uint8Array(staging.host, stagingOffsetBytes, bytes.length).set(bytes);
      const commandBuffer = this.#record((recorder) => {
        recorder.barrier("all", "transfer");
        for (const { buffer, offsetBytes, bytes, stagingOffsetBytes } of batch) {
          recorder.copy(staging, buffer, [
            { sourceOffset: stagingOffsetBytes, targetOffset: offsetBytes, sizeBytes: bytes.length },
          ]);
        }
        recorder.barrier("transfer", "compute");
      });
      await this.#submit(commandBuffer);
      commandBuffer[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    if (this.#isPending && !this.#device.isLost) return; // freed together with the device
    for (const recording of this.#recordings.values()) recording[Symbol.dispose]();
    this.#recordings.clear();
    this.#fence?.[Symbol.dispose]();
    this.#fromDevice?.[Symbol.dispose]();
    this.#toDevice?.[Symbol.dispose]();
    this.#fence = undefined;
    this.#fromDevice = undefined;
    this.#toDevice = undefined;
  }

  #staging(): DeviceBuffer {
    this.#fromDevice ??= this.#device.createBuffer({
      role: "readback",
      sizeBytes: this.#stagingBytes,
      label: "checkpoint staging",
    });
    return this.#fromDevice;
  }

  #recording(batch: readonly StagedPart[], staging: DeviceBuffer): CommandBuffer {
    const key = batch
      .map(({ buffer, offsetBytes, bytes }) => `${buffer.address}+${offsetBytes}:${bytes.length}`)
      .join();
    let recording = this.#recordings.get(key);
    if (recording === undefined) {
      recording = this.#record((recorder) => {
        recorder.barrier("compute", "transfer");
        for (const { buffer, offsetBytes, bytes, stagingOffsetBytes } of batch) {
          recorder.copy(buffer, staging, [
            { sourceOffset: offsetBytes, targetOffset: stagingOffsetBytes, sizeBytes: bytes.length },
          ]);
        }
        recorder.barrier("transfer", "host");
      });
      this.#recordings.set(key, recording);
    }
    return recording;
  }

  #record(body: (recorder: Recorder) => void): CommandBuffer {
    return this.#device.record(body, { queue: this.#queue });
  }

  /** Like `Device.run`, without blocking the event loop. */
  async #submit(commandBuffer: CommandBuffer): Promise<void> {
    this.#fence ??= this.#device.createFence();
    this.#queue.submit(commandBuffer, this.#fence);
    this.#isPending = true;
    if (!(await hasSignaled(this.#fence, COPY_TIMEOUT_MS))) {
      throw new EverwarpError("EW_TIMEOUT", `a copy did not end within ${COPY_TIMEOUT_MS} ms`, {
        remedy: "Another kernel may hold the device; stop it.",
      });
    }
    this.#isPending = false;
    this.#fence.reset();
  }
}

function take({ bytes, stagingOffsetBytes }: StagedPart, staging: DeviceBuffer): void {
  bytes.set(new Uint8Array(staging.host, stagingOffsetBytes, bytes.length));
}

/** Divides parts into batches that fit the staging memory. Every copy begins at a multiple of 4. */
export function* batches(parts: readonly CopyPart[], stagingBytes: number): Generator<StagedPart[]> {
  let batch: StagedPart[] = [];
  let used = 0;
  for (const { buffer, offsetBytes, bytes } of parts) {
    for (let at = 0; at < bytes.length;) {
      if (stagingBytes - used < 4) {
        yield batch;
        batch = [];
        used = 0;
      }
      const room = (stagingBytes - used) & ~3;
      const piece = bytes.subarray(at, at + room);
      batch.push({ buffer, offsetBytes: offsetBytes + at, bytes: piece, stagingOffsetBytes: used });
      at += piece.length;
      used += (piece.length + 3) & ~3;
    }
  }
  if (batch.length > 0) yield batch;
}
