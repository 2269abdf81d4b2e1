/**
 * A driver with VK_KHR_pipeline_binary in a few lines, since the software drivers that tests run on have none. It reads and writes the structs
 * where they lie in native memory, as a driver would, and stops at the first thing that the specification forbids.
 */

import { VkPipelineCreateFlagBits2, VkResult } from "../../src/vulkan/generated/constants.ts";
import type { CoreCommands } from "../../src/vulkan/generated/commands.ts";
import {
  VkComputePipelineCreateInfo,
  VkPipelineBinaryCreateInfoKHR,
  VkPipelineBinaryDataInfoKHR,
  VkPipelineBinaryDataKHR,
  VkPipelineBinaryHandlesInfoKHR,
  VkPipelineBinaryInfoKHR,
  VkPipelineBinaryKeyKHR,
  VkPipelineBinaryKeysAndDataKHR,
  VkPipelineCreateFlags2CreateInfo,
  VkReleaseCapturedPipelineDataInfoKHR,
} from "../../src/vulkan/generated/structs.ts";
import { koffi } from "../../src/vulkan/native/ffi.ts";
import {
  type Layout,
  readStruct,
  type RecordOf,
  writeStruct,
} from "../../src/vulkan/native/native-layout.ts";
import type { PipelineBinaryCommands } from "../../src/vulkan/pipeline/pipeline-binary.ts";

type Address = bigint | ArrayBufferView | null;

interface Binary {
  key: Uint8Array;
  bytes: Uint8Array;
}

/** The memory at an address. */
function memoryAt(address: Address, sizeBytes: number): DataView {
  if (typeof address !== "bigint" || address === 0n) throw new Error("an address was expected");
  return new DataView(koffi().view(address, sizeBytes));
}
function read<L extends Layout>(address: Address, of: L, index = 0): RecordOf<L> {
  const at = typeof address === "bigint" ? address + BigInt(index * of.sizeBytes) : address;
  const view = memoryAt(at, of.sizeBytes);
  if (of.structureType !== undefined && view.getUint32(0, true) !== of.structureType)
    throw new Error(`${of.name} begins with the structure type ${view.getUint32(0, true)}`);
  return readStruct(view, 0, of);
}
function bytesAt(address: Address, sizeBytes: number): Uint8Array {
  const view = memoryAt(address, sizeBytes);
  return new Uint8Array(view.buffer, view.byteOffset, sizeBytes).slice();
}

export class BinaryDriver {
  /** Binaries that each compiled pipeline consists of. */
  binariesPerPipeline = 2;
  /** What the next calls answer in place of what they would. */
  answers: { createFromData?: number; createFromPipeline?: number; createPipeline?: number } = {};
  /** Binaries of these positions are not made from data. */
  missing = new Set<number>();
  compiled = 0;
  /** Pipelines made from binaries, as the payload that came with them. */
  readonly loaded: Uint8Array[][] = [];
  /** VkPipelineBinaryKHR objects alive. */
  readonly binaries = new Map<bigint, Binary>();
  /** Pipelines whose captured data was not released. */
  readonly captured = new Map<bigint, Binary[]>();
  #nextHandle = 0x1000n;

  readonly commands: PipelineBinaryCommands & Pick<CoreCommands, "vkCreateComputePipelines"> = {
    vkCreateComputePipelines: (_device, cache, count, infos, _allocator, out) => {
      if (this.answers.createPipeline !== undefined) return this.answers.createPipeline;
      if (count !== 1) throw new Error("one pipeline at a time was expected");
      const info = read(infos, VkComputePipelineCreateInfo);
      let binaryInfo: RecordOf<typeof VkPipelineBinaryInfoKHR> | undefined;
      let flags = 0n;
      for (let next = info.pNext; next !== 0n;) {
        const type = memoryAt(next, 4).getUint32(0, true);
        if (type === VkPipelineBinaryInfoKHR.structureType) binaryInfo = read(next, VkPipelineBinaryInfoKHR);
        if (type === VkPipelineCreateFlags2CreateInfo.structureType)
          flags = read(next, VkPipelineCreateFlags2CreateInfo).flags;
        next = memoryAt(next, 16).getBigUint64(8, true);
      }
      const captures = flags === BigInt(VkPipelineCreateFlagBits2.VK_PIPELINE_CREATE_2_CAPTURE_DATA_BIT_KHR);
      if ((captures || binaryInfo !== undefined) && cache !== 0n)
        throw new Error("binaries and a VkPipelineCache exclude each other");
      const handle = this.#handle();
      if (binaryInfo === undefined) {
        this.compiled++;
        if (captures) this.captured.set(handle, this.#compile(handle));
      } else {
        if (captures) throw new Error("a pipeline of binaries captures nothing");
        const list = memoryAt(binaryInfo.pPipelineBinaries, 8 * binaryInfo.binaryCount);
        this.loaded.push(
          Array.from({ length: binaryInfo.binaryCount }, (_, index) => {
            const binary = this.binaries.get(list.getBigUint64(index * 8, true));
            if (binary === undefined) throw new Error("a binary that does not exist");
            return binary.bytes;
          }),
        );
      }
      memoryAt(out, 8).setBigUint64(0, handle, true);
      return VkResult.VK_SUCCESS;
    },

    vkCreatePipelineBinariesKHR: (_device, createInfo, _allocator, out) => {
      const { pKeysAndDataInfo, pipeline, pPipelineCreateInfo } = read(
        createInfo,
        VkPipelineBinaryCreateInfoKHR,
      );
      if ([pKeysAndDataInfo, pipeline, pPipelineCreateInfo].filter((each) => each !== 0n).length !== 1)
        throw new Error("exactly one source of binaries is allowed");
      const info = read(out, VkPipelineBinaryHandlesInfoKHR);
      if (pipeline !== 0n) {
        if (this.answers.createFromPipeline !== undefined) return this.answers.createFromPipeline;
        const held = this.captured.get(pipeline);
        if (held === undefined) throw new Error("a pipeline without captured data");
        if (info.pPipelineBinaries === 0n) {
          writeStruct(
            memoryAt(out, VkPipelineBinaryHandlesInfoKHR.sizeBytes),
            0,
            VkPipelineBinaryHandlesInfoKHR,
            { pipelineBinaryCount: held.length },
          );
          return VkResult.VK_SUCCESS;
        }
        this.#put(info.pPipelineBinaries, held);
        return VkResult.VK_SUCCESS;
      }
      const { binaryCount, pPipelineBinaryKeys, pPipelineBinaryData } = read(
        pKeysAndDataInfo,
        VkPipelineBinaryKeysAndDataKHR,
      );
      const given = Array.from({ length: binaryCount }, (_, index) => {
        const { keySize, key } = read(pPipelineBinaryKeys, VkPipelineBinaryKeyKHR, index);
        const { dataSize, pData } = read(pPipelineBinaryData, VkPipelineBinaryDataKHR, index);
        return { key: key.slice(0, keySize), bytes: bytesAt(pData, Number(dataSize)) };
      });
      this.#put(
        info.pPipelineBinaries,
        given.map((binary, index) => (this.missing.has(index) ? undefined : binary)),
      );
      return this.answers.createFromData ?? VkResult.VK_SUCCESS;
    },

    vkDestroyPipelineBinaryKHR: (_device, binary) => {
      if (!this.binaries.delete(binary)) throw new Error("a binary was destroyed that does not exist");
    },

    vkGetPipelineKeyKHR: (_device, createInfo, out) => {
      if (createInfo !== null) throw new Error("the global key was expected");
      this.#writeKey(out, Uint8Array.of(0xaa, 0xbb));
      return VkResult.VK_SUCCESS;
    },

    vkGetPipelineBinaryDataKHR: (_device, infoAt, keyAt, sizeAt, dataAt) => {
      const binary = this.binaries.get(read(infoAt, VkPipelineBinaryDataInfoKHR).pipelineBinary);
      if (binary === undefined) throw new Error("a binary that does not exist");
      this.#writeKey(keyAt, binary.key);
      const size = memoryAt(sizeAt, 8);
      if (dataAt !== null) {
        const room = Number(size.getBigUint64(0, true));
        if (room < binary.bytes.length) throw new Error("not enough room for a binary");
        const view = memoryAt(dataAt, binary.bytes.length);
        new Uint8Array(view.buffer, view.byteOffset, binary.bytes.length).set(binary.bytes);
      }
      size.setBigUint64(0, BigInt(binary.bytes.length), true);
      return VkResult.VK_SUCCESS;
    },

    vkReleaseCapturedPipelineDataKHR: (_device, infoAt) => {
      const { pipeline } = read(infoAt, VkReleaseCapturedPipelineDataInfoKHR);
      if (!this.captured.delete(pipeline)) throw new Error("captured data was released twice");
      return VkResult.VK_SUCCESS;
    },
  };

  #handle(): bigint {
    return this.#nextHandle++;
  }

  #compile(pipeline: bigint): Binary[] {
    return Array.from({ length: this.binariesPerPipeline }, (_, index) => ({
      key: Uint8Array.of(index, Number(pipeline & 0xffn)),
      bytes: new TextEncoder().encode(`code ${index} of ${pipeline}`.repeat(100)),
    }));
  }

  #put(at: bigint, binaries: readonly (Binary | undefined)[]): void {
    const list = memoryAt(at, 8 * binaries.length);
    binaries.forEach((binary, index) => {
      const handle = binary === undefined ? 0n : this.#handle();
      if (binary !== undefined) this.binaries.set(handle, binary);
      list.setBigUint64(index * 8, handle, true);
    });
  }

  #writeKey(at: Address, key: Uint8Array): void {
    const view = memoryAt(at, VkPipelineBinaryKeyKHR.sizeBytes);
    if (view.getUint32(0, true) !== VkPipelineBinaryKeyKHR.structureType)
      throw new Error("a key without its structure type");
    const padded = new Uint8Array(32);
    padded.set(key);
    writeStruct(view, 0, VkPipelineBinaryKeyKHR, { keySize: key.length, key: padded });
  }
}
