/** Buffers for what goes to instances and comes back. They are kept from call to call, and grow where they must. */
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";

/** The buffers, by what they carry. */
export type TransferName = "arguments" | "given" | "results" | "states";

const ROLES = { arguments: "upload", given: "upload", results: "readback", states: "readback" } as const;
const LEAST_BYTES = 256;

/** See the head of this file. */
export class TransferBuffers implements Disposable {
  readonly #device: Device;
  readonly #buffers = new Map<TransferName, DeviceBuffer>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** A buffer of at least that size. Nothing that uses the one before may be under way. */
  take(name: TransferName, sizeBytes: number): DeviceBuffer {
    const before = this.#buffers.get(name);
    if (before !== undefined && before.sizeBytes >= sizeBytes) return before;
    this.#buffers.delete(name);
    before?.[Symbol.dispose]();
    const buffer = this.#device.createBuffer({
      role: ROLES[name],
      sizeBytes: Math.max(sizeBytes, LEAST_BYTES),
      label: `wasm ${name}`,
    });
    this.#buffers.set(name, buffer);
    return buffer;
  }

  /** A buffer with a copy of these numbers at its begin. */
  fill(name: TransferName, list: Uint32Array | BigUint64Array): DeviceBuffer {
    const buffer = this.take(name, list.byteLength);
    new Uint8Array(buffer.host).set(new Uint8Array(list.buffer, list.byteOffset, list.byteLength));
    return buffer;
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.values()) buffer[Symbol.dispose]();
    this.#buffers.clear();
  }
}

/** A buffer with a list that stays as it is. */
export function upload(device: Device, list: Uint32Array | BigUint64Array): DeviceBuffer {
  const buffer = device.createBuffer({
    role: "upload",
    sizeBytes: Math.max(list.byteLength, 16),
    label: "wasm lists",
  });
  new Uint8Array(buffer.host).set(new Uint8Array(list.buffer, list.byteOffset, list.byteLength));
  return buffer;
}
