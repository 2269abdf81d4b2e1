/**
 * A driver that stores pipelines in VkPipelineCache, played on top of the real one, since the software drivers that tests run on store nothing.
 *
 * What it stores names the very kernel and constants that it was made of. Shown anything else, it does what the specification allows: data of
 * another pipeline it ignores, and damaged data is the end (`onDamage`), as it may be in a real driver.
 */

import { createHash } from "node:crypto";
import { VkPipelineCreationFeedbackFlagBits } from "../../src/vulkan/generated/constants.ts";
import {
  VkComputePipelineCreateInfo,
  VkPipelineCacheCreateInfo,
  VkPipelineCreationFeedback,
  VkPipelineCreationFeedbackCreateInfo,
  VkShaderModuleCreateInfo,
  VkSpecializationInfo,
} from "../../src/vulkan/generated/structs.ts";
import { koffi } from "../../src/vulkan/native/ffi.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { writeStruct } from "../../src/vulkan/native/native-layout.ts";
import { type Address, readAt, viewAt } from "./native-memory.ts";

const HEADER_BYTES = 32;

const bytesAt = (address: Address, sizeBytes: bigint | number): Buffer =>
  sizeBytes === 0n || sizeBytes === 0
    ? Buffer.alloc(0)
    : Buffer.from(koffi().view(address as bigint, Number(sizeBytes)));

export class CachingDriver {
  /** Pipelines that it had to compile, by what they are made of. */
  readonly compiled: string[] = [];
  /** Pipelines that it made from its data. */
  loaded = 0;
  /** What it does when it is shown data that is damaged, or of which it is to die. */
  onDamage: (payload: string) => void = (payload) => {
    throw new Error(`the driver was shown damaged data: ${payload}`);
  };
  /** Dies of whatever data it is shown of such a pipeline. */
  diesOf: (payload: string) => boolean = () => false;
  readonly #shaders = new Map<bigint, string>();
  readonly #caches = new Map<bigint, string>();

  /** What the driver stores of a pipeline. */
  static payloadOf(what: string): string {
    return `${what} ${createHash("sha256").update(what).digest("hex")} ${"code".repeat(200)}`;
  }

  /** Puts it in front of the real driver. @returns what takes it away again */
  install(): () => void {
    const commands = vulkan();
    const real = { ...commands };
    const caches = this.#caches;
    Object.assign(commands, {
      vkCreateShaderModule: (
        ...[device, info, allocator, out]: Parameters<typeof real.vkCreateShaderModule>
      ) => {
        const { codeSize, pCode } = readAt(info, VkShaderModuleCreateInfo);
        const result = real.vkCreateShaderModule(device, info, allocator, out);
        const hash = createHash("sha256").update(bytesAt(pCode, codeSize)).digest("hex").slice(0, 16);
        this.#shaders.set(viewAt(out, 8).getBigUint64(0, true), hash);
        return result;
      },
      vkCreatePipelineCache: (
        ...[device, info, allocator, out]: Parameters<typeof real.vkCreatePipelineCache>
      ) => {
        const { initialDataSize, pInitialData } = readAt(info, VkPipelineCacheCreateInfo);
        const given = bytesAt(pInitialData, initialDataSize).subarray(HEADER_BYTES).toString("latin1");
        const result = real.vkCreatePipelineCache(device, info, allocator, out);
        caches.set(viewAt(out, 8).getBigUint64(0, true), given);
        return result;
      },
      vkGetPipelineCacheData: (
        ...[device, handle, size, out]: Parameters<typeof real.vkGetPipelineCacheData>
      ) => {
        const payload = Buffer.from(caches.get(handle) ?? "", "latin1");
        const header = new BigUint64Array([BigInt(HEADER_BYTES)]);
        const room = Buffer.alloc(HEADER_BYTES);
        const result = real.vkGetPipelineCacheData(device, handle, header, room);
        const all = Buffer.concat([room, payload]);
        if (out !== null) new Uint8Array(koffi().view(out as bigint, all.length)).set(all);
        viewAt(size, 8).setBigUint64(0, BigInt(all.length), true);
        return result;
      },
      vkCreateComputePipelines: (
        ...[device, cache, count, infos, allocator, out]: Parameters<typeof real.vkCreateComputePipelines>
      ) => {
        const { pNext, stage } = readAt(infos, VkComputePipelineCreateInfo);
        const what = `${this.#shaders.get(stage.module)}${constantsAt(stage.pSpecializationInfo)}`;
        const given = caches.get(cache) ?? "";
        const [of = ""] = given.split(" ");
        if (given !== "" && (given !== CachingDriver.payloadOf(of) || this.diesOf(given)))
          this.onDamage(given);
        const isHit = given !== "" && of === what;
        if (isHit) this.loaded++;
        else {
          this.compiled.push(what);
          if (cache !== 0n) caches.set(cache, CachingDriver.payloadOf(what));
        }
        const result = real.vkCreateComputePipelines(device, cache, count, infos, allocator, out);
        if (pNext !== 0n) tellCacheHit(pNext, isHit);
        return result;
      },
    });
    return () => void Object.assign(commands, real);
  }
}

/**
 * Says through feedback whether the cache was of use.
 * @param pNext the feedback struct behind what a pipeline is made of
 * @param isHit undefined for a driver that says nothing
 */
export function tellCacheHit(pNext: bigint, isHit: boolean | undefined): void {
  const { pPipelineCreationFeedback } = readAt(pNext, VkPipelineCreationFeedbackCreateInfo);
  const {
    VK_PIPELINE_CREATION_FEEDBACK_VALID_BIT: valid,
    VK_PIPELINE_CREATION_FEEDBACK_APPLICATION_PIPELINE_CACHE_HIT_BIT: found,
  } = VkPipelineCreationFeedbackFlagBits;
  writeStruct(
    viewAt(pPipelineCreationFeedback, VkPipelineCreationFeedback.sizeBytes),
    0,
    VkPipelineCreationFeedback,
    { flags: isHit === undefined ? 0 : isHit ? valid | found : valid },
  );
}

function constantsAt(address: bigint): string {
  if (address === 0n) return "";
  const { dataSize, pData } = readAt(address, VkSpecializationInfo);
  return `-${bytesAt(pData, dataSize).toString("hex")}`;
}
