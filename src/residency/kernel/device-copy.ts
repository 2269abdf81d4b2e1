/**
 * Copies between device memory and the host, through staging memory of bounded size.
 *
 *     device ──begin──▶ staging ──▶ host, all but the last stagingful      (whoever owns the device memory stands still)
 *                           └──finish──▶ host, slice by slice              (it may go on)
 *
 * Invariants: copies of one `DeviceCopy` follow one another; its staging memory, its recordings and its fence are used
 * by one at a time, and kept, so that a copy that must be quick allocates nothing and records nothing. What the device
 * may still write to is not freed.
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import type { CommandBuffer, Device, DeviceBuffer, Fence, Queue, Recorder } from "../../vulkan/index.ts";
import { hasSignaled } from "../strategies/index.ts";

/** Larger copies go in several pieces. */
const STAGING_BYTES_MAX = 64 << 20;
/** Copied between two turns of the event loop: some tenths of a millisecond. */
const SLICE_BYTES = 1 << 20;
const COPY_TIMEOUT_MS = 30_000;

/** A part of a device buffer, and the host memory that it is copied from or to. */
export interface CopyPart {
  readonly buffer: DeviceBuffer;
  readonly offsetBytes: number;
  /** As many bytes as are copied. */
  readonly bytes: Uint8Array;
}

/** A part that lies in staging memory. */
export interface StagedPart extends CopyPart {
  readonly stagingOffsetBytes: number;
}

/** Copies device memory to the host and back. See the head of this file. */
export class DeviceCopy implements Disposable {
  readonly #device: Device;
  readonly #queue: Queue;
  readonly #stagingBytes: number;
  /** Cached memory, as the host reads it. */
  #fromDevice: DeviceBuffer | undefined;
  #toDevice: DeviceBuffer | undefined;
  #fence: Fence | undefined;
  /** Copies from the device, by the regions that they are of. */
  readonly #recordings = new Map<string, CommandBuffer>();
  #isPending = false;

  /**
   * @param queue on which nothing runs that does not end
   * @param sizeBytes of all that is copied at a time
   */
  constructor(device: Device, queue: Queue, sizeBytes: number) {
    this.#device = device;
    this.#queue = queue;
    this.#stagingBytes = Math.max(4, Math.min(sizeBytes, STAGING_BYTES_MAX));
  }

  /** Whether the device was given a copy that it has not finished: one that failed, or ran out of time. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /**
   * Takes what a copy of these parts needs, before it has to be quick.
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_OUT_OF_HOST_MEMORY, EW_DEVICE_LOST
   */
  prepare(parts: readonly CopyPart[]): void {
    const staging = this.#staging();
    for (const batch of batches(parts, this.#stagingBytes)) this.#recording(batch, staging);
  }

  /**
   * Copies device memory to staging memory, and from there to the host what does not fit it at once.
   * @returns what `finish` must copy before the next copy begins; its host memory is worth nothing until then
   * @throws EW_DEVICE_LOST, EW_TIMEOUT: the bytes are then worth nothing
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

  /** Copies on to the host what `begin` left, or some of it; other work gets its turns meanwhile. */
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

  /** Copies on to the host at once: for what is small. */
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
    if (this.#isPending && !this.#device.isLost) return; // it goes with the device
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

  /** Like `Device.run`, but the event loop goes on. */
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

/** Cuts parts so that each batch fits the staging memory; every copy begins at a multiple of 4. */
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
