/** Packed paths in device memory, for repeated lookups. Only results are transferred then. */
import { drainWriteCombining } from "../../residency/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import type { PackedPaths } from "../lookup/index.ts";

const VECTOR_BYTES = 16;

/** Packed paths in device memory. */
export class KeptPaths implements Disposable {
  readonly packed: PackedPaths;
  /** The bytes from 0 on, then the offsets. */
  readonly buffer: DeviceBuffer;
  readonly offsetsAt: number;

  /** @throws EW_OUT_OF_DEVICE_MEMORY, EW_CLOSED */
  constructor(device: Device, packed: PackedPaths) {
    const { bytes, offsets } = packed;
    const begin = offsets[0];
    const length = offsets[offsets.length - 1] - begin;
    this.packed = packed;
    this.offsetsAt = (length + VECTOR_BYTES - 1) & -VECTOR_BYTES;
    this.buffer = device.createBuffer({
      role: "upload",
      sizeBytes: this.offsetsAt + offsets.length * 4 + 2 * VECTOR_BYTES,
      label: "kept paths",
    });
    new Uint8Array(this.buffer.host).set(bytes.subarray(begin, begin + length));
    new Uint32Array(this.buffer.host).set(offsets, this.offsetsAt >> 2);
    drainWriteCombining();
  }

  /** Frees the memory. No lookup of these paths may be in flight. */
  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }
}
