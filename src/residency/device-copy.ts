/**
 * Copies between device memory and the host, through staging memory of bounded size.
 *
 * Invariant: copies of one `DeviceCopy` follow one another; its staging memory is used by one at a time, and kept, so that a copy that must be quick
 * (a kernel stands still for it) allocates nothing.
 */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../base/errors.ts";
import type { Device, DeviceBuffer, Queue, Recorder } from "../vulkan/index.ts";

/** Larger copies go in several pieces. */
const STAGING_BYTES_MAX = 64 << 20;
/** How long a copy is looked at eagerly before a thread waits for it. */
const EAGER_MS = 2;
const COPY_TIMEOUT_MS = 30_000;

/** A part of a device buffer, and the host memory that it is copied from or to. */
export interface CopyPart {
  readonly buffer: DeviceBuffer;
  readonly offsetBytes: number;
  /** As many bytes as are copied. */
  readonly bytes: Uint8Array;
}

interface StagedPart extends CopyPart {
  readonly stagingOffsetBytes: number;
}

export class DeviceCopy implements Disposable {
  readonly #device: Device;
  readonly #queue: Queue;
  readonly #stagingBytes: number;
  /** Cached memory, as the host reads it. */
  #fromDevice: DeviceBuffer | undefined;
  #toDevice: DeviceBuffer | undefined;

  /**
   * @param queue on which nothing runs that does not end
   * @param sizeBytes of all that is copied at a time
   */
  constructor(device: Device, queue: Queue, sizeBytes: number) {
    this.#device = device;
    this.#queue = queue;
    this.#stagingBytes = Math.max(4, Math.min(sizeBytes, STAGING_BYTES_MAX));
  }

  /** Takes what `read` needs, before it has to be quick. @throws EW_OUT_OF_DEVICE_MEMORY */
  prepareRead(): DeviceBuffer {
    this.#fromDevice ??= this.#device.createBuffer({
      role: "mailbox",
      sizeBytes: this.#stagingBytes,
      label: "checkpoint staging",
    });
    return this.#fromDevice;
  }

  /** Copies device memory to the host. After a failure the bytes are worth nothing. @throws EW_DEVICE_LOST, EW_TIMEOUT */
  async read(parts: readonly CopyPart[]): Promise<void> {
    const staging = this.prepareRead();
    for (const batch of batches(parts, this.#stagingBytes)) {
      await this.#run((recorder) => {
        recorder.barrier("compute", "transfer");
        for (const { buffer, offsetBytes, bytes, stagingOffsetBytes } of batch) {
          recorder.copy(buffer, staging, [
            { sourceOffset: offsetBytes, targetOffset: stagingOffsetBytes, sizeBytes: bytes.length },
          ]);
        }
        recorder.barrier("transfer", "host");
      });
      for (const { bytes, stagingOffsetBytes } of batch)
        bytes.set(new Uint8Array(staging.host, stagingOffsetBytes, bytes.length));
    }
  }

  /** Copies host memory to the device. @throws EW_DEVICE_LOST, EW_TIMEOUT */
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
      await this.#run((recorder) => {
        recorder.barrier("all", "transfer");
        for (const { buffer, offsetBytes, bytes, stagingOffsetBytes } of batch) {
          recorder.copy(staging, buffer, [
            { sourceOffset: stagingOffsetBytes, targetOffset: offsetBytes, sizeBytes: bytes.length },
          ]);
        }
        recorder.barrier("transfer", "compute");
      });
    }
  }

  [Symbol.dispose](): void {
    this.#fromDevice?.[Symbol.dispose]();
    this.#toDevice?.[Symbol.dispose]();
    this.#fromDevice = undefined;
    this.#toDevice = undefined;
  }

  /** Like `Device.run`, but the event loop goes on. */
  async #run(body: (recorder: Recorder) => void): Promise<void> {
    const commandBuffer = this.#device.record(body, { queue: this.#queue });
    const fence = this.#device.createFence();
    this.#queue.submit(commandBuffer, fence);
    const begin = performance.now();
    while (!fence.signaled()) {
      if (performance.now() - begin < EAGER_MS) await turn();
      else if (!(await fence.waitAsync(COPY_TIMEOUT_MS))) {
        throw new EverwarpError("EW_TIMEOUT", `a copy did not end within ${COPY_TIMEOUT_MS} ms`, {
          remedy: "Another kernel may hold the device; stop it.",
        });
      }
    }
    fence[Symbol.dispose]();
    commandBuffer[Symbol.dispose]();
  }
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
