/**
 * Where the granules of the path table lie in device memory.
 *
 *     granule g of the flat space ──▶ directory[g] = address / 2²⁰        (doorbell memory: the host adds, the kernel reads)
 *                                       │
 *     chunks of device memory           ▼
 *     ┌ 4 granules ┬ 4 ┬ … ┬ an eighth of what there is ┐
 *
 * Invariants: a granule that has a place keeps it; one has a place before anything is written to it. No memory is freed while the kernel lives.
 */
import { EverwarpError } from "../../base/errors.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { PathRequest, Table } from "../table.schema.ts";

const GRANULE_BYTES = Table.GRANULE_WORDS * 4;
const CHUNK_GRANULES_MIN = 2;
/** A further chunk is this part of those so far. */
const GROWTH = 8;

export class DeviceTable implements Disposable {
  /** The granules' addresses, for the kernel. */
  readonly directory: DeviceBuffer;
  /** Granules that the kernel must know: the highest that has a place, plus one. */
  granuleCount = 0;
  readonly #device: Device;
  readonly #words: Uint32Array;
  readonly #chunks: DeviceBuffer[] = [];
  /** Addresses that are free in the newest chunk. */
  #next = 0n;
  #left = 0;
  #granulesTaken = 0;

  constructor(device: Device) {
    this.#device = device;
    this.directory = device.createBuffer({
      role: "doorbell",
      sizeBytes: PathRequest.GRANULES_MAX * 4,
      label: "path table directory",
    });
    this.#words = new Uint32Array(this.directory.host).fill(0);
  }

  /** Device memory that the table takes. */
  get allocatedBytes(): number {
    return this.#chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, this.directory.sizeBytes);
  }

  /**
   * Finds places for the granules of words [begin, end) that have none.
   * @throws EW_OUT_OF_DEVICE_MEMORY
   */
  cover(begin: number, end: number): void {
    for (let granule = begin >>> Table.GRANULE_BITS; granule <= (end - 1) >>> Table.GRANULE_BITS; granule++) {
      if (granule >= PathRequest.GRANULES_MAX)
        throw new EverwarpError("EW_PATHS_FULL", `a path table of more than 4 GiB`, {
          remedy: "Give a smaller capacity.",
        });
      if (this.#words[granule] !== 0) continue;
      if (this.#left === 0) this.#addChunk();
      this.#words[granule] = Number(this.#next >> 20n);
      this.#next += BigInt(GRANULE_BYTES);
      this.#left--;
      this.#granulesTaken++;
      this.granuleCount = Math.max(this.granuleCount, granule + 1);
    }
  }

  [Symbol.dispose](): void {
    for (const chunk of this.#chunks.splice(0).toReversed()) chunk[Symbol.dispose]();
    this.directory[Symbol.dispose]();
  }

  #addChunk(): void {
    const granules = Math.max(CHUNK_GRANULES_MIN, Math.ceil(this.#granulesTaken / GROWTH));
    // Granules begin at multiples of their size, wherever the driver puts a buffer.
    const chunk = this.#device.createBuffer({
      role: "device",
      sizeBytes: (granules + 1) * GRANULE_BYTES,
      label: "path table",
    });
    this.#chunks.push(chunk);
    const size = BigInt(GRANULE_BYTES);
    this.#next = ((chunk.address + size - 1n) / size) * size;
    this.#left = chunk.address % size === 0n ? granules + 1 : granules;
  }
}
