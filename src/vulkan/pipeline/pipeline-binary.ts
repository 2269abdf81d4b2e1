/**
 * VK_KHR_pipeline_binary: extracts the driver's compiled code from a pipeline, and makes a pipeline from it.
 *
 *   extract    pipeline (made with CAPTURE_DATA) ──▶ VkPipelineBinaryKHR, one or more ──▶ keys and bytes
 *   make       keys and bytes ──▶ VkPipelineBinaryKHR ──▶ pipeline (VkPipelineBinaryInfoKHR in its chain)
 *
 * VkPipelineBinaryKHR objects exist only during these calls.
 */

import { type checkResult, deviceCommand, hexOf, resultName } from "../calls/index.ts";
import { type Frame, inFrame } from "../native/index.ts";
import {
  type ExtensionCommands,
  VK_MAX_PIPELINE_BINARY_KEY_SIZE_KHR,
  VkPipelineBinaryCreateInfoKHR,
  VkPipelineBinaryDataInfoKHR,
  VkPipelineBinaryDataKHR,
  VkPipelineBinaryHandlesInfoKHR,
  VkPipelineBinaryKeyKHR,
  VkPipelineBinaryKeysAndDataKHR,
  VkReleaseCapturedPipelineDataInfoKHR,
  VkResult,
} from "../generated/index.ts";
import { MAX_DATA_BYTES, type PipelineData } from "./pipeline-data.ts";

/** The extension's commands. */
export type PipelineBinaryCommands = Pick<
  ExtensionCommands,
  | "vkCreatePipelineBinariesKHR"
  | "vkDestroyPipelineBinaryKHR"
  | "vkGetPipelineKeyKHR"
  | "vkGetPipelineBinaryDataKHR"
  | "vkReleaseCapturedPipelineDataKHR"
>;

/** The commands of a device that was opened with the extension; undefined if the driver lacks some of them. */
export function pipelineBinaryCommands(device: bigint): PipelineBinaryCommands | undefined {
  const vkCreatePipelineBinariesKHR = deviceCommand(device, "vkCreatePipelineBinariesKHR");
  const vkDestroyPipelineBinaryKHR = deviceCommand(device, "vkDestroyPipelineBinaryKHR");
  const vkGetPipelineKeyKHR = deviceCommand(device, "vkGetPipelineKeyKHR");
  const vkGetPipelineBinaryDataKHR = deviceCommand(device, "vkGetPipelineBinaryDataKHR");
  const vkReleaseCapturedPipelineDataKHR = deviceCommand(device, "vkReleaseCapturedPipelineDataKHR");
  if (
    vkCreatePipelineBinariesKHR === undefined ||
    vkDestroyPipelineBinaryKHR === undefined ||
    vkGetPipelineKeyKHR === undefined ||
    vkGetPipelineBinaryDataKHR === undefined ||
    vkReleaseCapturedPipelineDataKHR === undefined
  )
    return undefined;
  return {
    vkCreatePipelineBinariesKHR,
    vkDestroyPipelineBinaryKHR,
    vkGetPipelineKeyKHR,
    vkGetPipelineBinaryDataKHR,
    vkReleaseCapturedPipelineDataKHR,
  };
}

/** The extension on one device. */
export class PipelineBinaries {
  readonly #commands: PipelineBinaryCommands;
  readonly #device: bigint;
  readonly #check: typeof checkResult;

  /** @param check checks every VkResult: the device's own function, which remembers a loss */
  constructor(commands: PipelineBinaryCommands, device: bigint, check: typeof checkResult) {
    this.#commands = commands;
    this.#device = device;
    this.#check = check;
  }

  /** The driver's global key in hexadecimal. When the key changes, all kept binaries are useless. */
  globalKey(): string {
    return inFrame((frame) => {
      const key = frame.struct(VkPipelineBinaryKeyKHR);
      this.#check(this.#commands.vkGetPipelineKeyKHR(this.#device, null, key.address), "vkGetPipelineKeyKHR");
      return hexOf(keyBytes(key.read()));
    });
  }

  /**
   * Makes VkPipelineBinaryKHR objects from data. They exist while `body` runs.
   *
   * @returns the result of `body`, or a text if the driver refuses the data
   */
  with<T>(data: PipelineData, body: (frame: Frame, list: bigint, count: number) => T): T | string {
    const { keys = [], bytes } = data;
    const count = bytes.length;
    return inFrame((frame) => {
      const handles = frame.bytes(8 * count);
      const keysAndData = frame.struct(VkPipelineBinaryKeysAndDataKHR, {
        binaryCount: count,
        pPipelineBinaryKeys: frame.structs(
          VkPipelineBinaryKeyKHR,
          keys.map((key) => ({ keySize: key.length, key })),
        ).address,
        pPipelineBinaryData: frame.structs(
          VkPipelineBinaryDataKHR,
          bytes.map((each) => ({ dataSize: each.length, pData: frame.copy(each) })),
        ).address,
      });
      const create = frame.struct(VkPipelineBinaryCreateInfoKHR, { pKeysAndDataInfo: keysAndData.address });
      const out = frame.struct(VkPipelineBinaryHandlesInfoKHR, {
        pipelineBinaryCount: count,
        pPipelineBinaries: handles.address,
      });
      const result = this.#commands.vkCreatePipelineBinariesKHR(
        this.#device,
        create.address,
        null,
        out.address,
      );
      // A failed call may have made some of the objects.
      const made = Array.from({ length: count }, (_, index) => handles.u64(index)).filter(
        (handle) => handle !== 0n,
      );
      try {
        if (result === VkResult.VK_ERROR_DEVICE_LOST) this.#check(result, "vkCreatePipelineBinariesKHR");
        if (result !== VkResult.VK_SUCCESS || made.length !== count)
          return `vkCreatePipelineBinariesKHR: ${resultName(result)}`;
        return body(frame, handles.address, count);
      } finally {
        this.#destroy(made);
      }
    });
  }

  /**
   * Extracts the data that was captured when a pipeline was made. The driver then frees its copy.
   *
   * @param pipeline a VkPipeline made with CAPTURE_DATA
   * @returns undefined if the driver has no data for the pipeline
   */
  extract(pipeline: bigint): PipelineData | undefined {
    try {
      return this.#extract(pipeline);
    } finally {
      inFrame((frame) => {
        const release = frame.struct(VkReleaseCapturedPipelineDataInfoKHR, { pipeline });
        this.#commands.vkReleaseCapturedPipelineDataKHR(this.#device, release.address, null);
      });
    }
  }

  #extract(pipeline: bigint): PipelineData | undefined {
    const call = "vkCreatePipelineBinariesKHR";
    return inFrame((frame) => {
      const create = frame.struct(VkPipelineBinaryCreateInfoKHR, { pipeline });
      const out = frame.struct(VkPipelineBinaryHandlesInfoKHR);
      const make = (): number =>
        this.#check(
          this.#commands.vkCreatePipelineBinariesKHR(this.#device, create.address, null, out.address),
          call,
        );
      make(); // a call without room for handles counts them
      const { pipelineBinaryCount: count } = out.read();
      if (count === 0) return undefined;
      const handles = frame.bytes(8 * count);
      const filled = frame.struct(VkPipelineBinaryHandlesInfoKHR, {
        pipelineBinaryCount: count,
        pPipelineBinaries: handles.address,
      });
      const result = this.#check(
        this.#commands.vkCreatePipelineBinariesKHR(this.#device, create.address, null, filled.address),
        call,
      );
      const made = Array.from({ length: count }, (_, index) => handles.u64(index)).filter(
        (handle) => handle !== 0n,
      );
      try {
        // A pipeline can be made only from all of its binaries.
        if (result !== VkResult.VK_SUCCESS || made.length !== count) return undefined;
        const pairs = made.map((binary) => this.#read(binary));
        return pairs.some(({ bytes }) => bytes.length === 0)
          ? undefined
          : { kind: "binary", keys: pairs.map(({ key }) => key), bytes: pairs.map(({ bytes }) => bytes) };
      } finally {
        this.#destroy(made);
      }
    });
  }

  #read(pipelineBinary: bigint): { key: Uint8Array; bytes: Uint8Array } {
    const call = "vkGetPipelineBinaryDataKHR";
    return inFrame((frame) => {
      const info = frame.struct(VkPipelineBinaryDataInfoKHR, { pipelineBinary });
      const key = frame.struct(VkPipelineBinaryKeyKHR);
      const size = frame.bytes(8);
      const get = this.#commands.vkGetPipelineBinaryDataKHR;
      this.#check(get(this.#device, info.address, key.address, size.address, null), call);
      const sizeBytes = Number(size.u64());
      if (sizeBytes === 0 || sizeBytes > MAX_DATA_BYTES)
        return { key: keyBytes(key.read()), bytes: new Uint8Array() };
      const out = frame.bytes(sizeBytes);
      this.#check(get(this.#device, info.address, key.address, size.address, out.address), call);
      const bytes = new Uint8Array(out.view.buffer, out.view.byteOffset, Number(size.u64())).slice();
      return { key: keyBytes(key.read()), bytes };
    });
  }

  #destroy(binaries: readonly bigint[]): void {
    for (const binary of binaries) this.#commands.vkDestroyPipelineBinaryKHR(this.#device, binary, null);
  }
}

function keyBytes({ keySize, key }: { keySize: number; key: Uint8Array }): Uint8Array {
  return key.slice(0, Math.min(keySize, VK_MAX_PIPELINE_BINARY_KEY_SIZE_KHR));
}
