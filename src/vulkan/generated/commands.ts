// Written by scripts/gen-vulkan.ts from vk.xml (Khronos, Apache-2.0 OR MIT); do not edit.

/** An address, or memory of ours. */
type Pointer = bigint | ArrayBufferView | null;

/** Result type and parameter types in the foreign-function library's spelling. */
export type Prototype = readonly [result: string, parameters: readonly string[]];

export interface CoreCommands {
  vkEnumerateInstanceVersion(pApiVersion: Pointer): number;
  vkEnumerateInstanceLayerProperties(pPropertyCount: Pointer, pProperties: Pointer): number;
  vkEnumerateInstanceExtensionProperties(
    pLayerName: Pointer,
    pPropertyCount: Pointer,
    pProperties: Pointer,
  ): number;
  vkCreateInstance(pCreateInfo: Pointer, pAllocator: Pointer, pInstance: Pointer): number;
  vkDestroyInstance(instance: Pointer, pAllocator: Pointer): void;
  vkGetInstanceProcAddr(instance: Pointer, pName: Pointer): bigint | null;
  vkGetDeviceProcAddr(device: Pointer, pName: Pointer): bigint | null;
  vkEnumeratePhysicalDevices(
    instance: Pointer,
    pPhysicalDeviceCount: Pointer,
    pPhysicalDevices: Pointer,
  ): number;
  vkGetPhysicalDeviceProperties2(physicalDevice: Pointer, pProperties: Pointer): void;
  vkGetPhysicalDeviceFeatures2(physicalDevice: Pointer, pFeatures: Pointer): void;
  vkGetPhysicalDeviceMemoryProperties2(physicalDevice: Pointer, pMemoryProperties: Pointer): void;
  vkGetPhysicalDeviceQueueFamilyProperties2(
    physicalDevice: Pointer,
    pQueueFamilyPropertyCount: Pointer,
    pQueueFamilyProperties: Pointer,
  ): void;
  vkEnumerateDeviceExtensionProperties(
    physicalDevice: Pointer,
    pLayerName: Pointer,
    pPropertyCount: Pointer,
    pProperties: Pointer,
  ): number;
  vkCreateDevice(
    physicalDevice: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pDevice: Pointer,
  ): number;
  vkDestroyDevice(device: Pointer, pAllocator: Pointer): void;
  vkGetDeviceQueue(device: Pointer, queueFamilyIndex: number, queueIndex: number, pQueue: Pointer): void;
  vkQueueSubmit(queue: Pointer, submitCount: number, pSubmits: Pointer, fence: bigint): number;
  vkCreateFence(device: Pointer, pCreateInfo: Pointer, pAllocator: Pointer, pFence: Pointer): number;
  vkDestroyFence(device: Pointer, fence: bigint, pAllocator: Pointer): void;
  vkResetFences(device: Pointer, fenceCount: number, pFences: Pointer): number;
  vkGetFenceStatus(device: Pointer, fence: bigint): number;
  vkWaitForFences(
    device: Pointer,
    fenceCount: number,
    pFences: Pointer,
    waitAll: number,
    timeout: bigint,
  ): number;
  vkCreateSemaphore(device: Pointer, pCreateInfo: Pointer, pAllocator: Pointer, pSemaphore: Pointer): number;
  vkDestroySemaphore(device: Pointer, semaphore: bigint, pAllocator: Pointer): void;
  vkGetSemaphoreCounterValue(device: Pointer, semaphore: bigint, pValue: Pointer): number;
  vkWaitSemaphores(device: Pointer, pWaitInfo: Pointer, timeout: bigint): number;
  vkSignalSemaphore(device: Pointer, pSignalInfo: Pointer): number;
  vkAllocateMemory(device: Pointer, pAllocateInfo: Pointer, pAllocator: Pointer, pMemory: Pointer): number;
  vkFreeMemory(device: Pointer, memory: bigint, pAllocator: Pointer): void;
  vkMapMemory(
    device: Pointer,
    memory: bigint,
    offset: bigint,
    size: bigint,
    flags: number,
    ppData: Pointer,
  ): number;
  vkUnmapMemory(device: Pointer, memory: bigint): void;
  vkCreateBuffer(device: Pointer, pCreateInfo: Pointer, pAllocator: Pointer, pBuffer: Pointer): number;
  vkDestroyBuffer(device: Pointer, buffer: bigint, pAllocator: Pointer): void;
  vkGetBufferMemoryRequirements(device: Pointer, buffer: bigint, pMemoryRequirements: Pointer): void;
  vkBindBufferMemory(device: Pointer, buffer: bigint, memory: bigint, memoryOffset: bigint): number;
  vkGetBufferDeviceAddress(device: Pointer, pInfo: Pointer): number | bigint;
  vkCreateShaderModule(
    device: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pShaderModule: Pointer,
  ): number;
  vkDestroyShaderModule(device: Pointer, shaderModule: bigint, pAllocator: Pointer): void;
  vkCreatePipelineCache(
    device: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pPipelineCache: Pointer,
  ): number;
  vkDestroyPipelineCache(device: Pointer, pipelineCache: bigint, pAllocator: Pointer): void;
  vkGetPipelineCacheData(device: Pointer, pipelineCache: bigint, pDataSize: Pointer, pData: Pointer): number;
  vkCreatePipelineLayout(
    device: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pPipelineLayout: Pointer,
  ): number;
  vkDestroyPipelineLayout(device: Pointer, pipelineLayout: bigint, pAllocator: Pointer): void;
  vkCreateComputePipelines(
    device: Pointer,
    pipelineCache: bigint,
    createInfoCount: number,
    pCreateInfos: Pointer,
    pAllocator: Pointer,
    pPipelines: Pointer,
  ): number;
  vkDestroyPipeline(device: Pointer, pipeline: bigint, pAllocator: Pointer): void;
  vkCreateCommandPool(
    device: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pCommandPool: Pointer,
  ): number;
  vkDestroyCommandPool(device: Pointer, commandPool: bigint, pAllocator: Pointer): void;
  vkAllocateCommandBuffers(device: Pointer, pAllocateInfo: Pointer, pCommandBuffers: Pointer): number;
  vkFreeCommandBuffers(
    device: Pointer,
    commandPool: bigint,
    commandBufferCount: number,
    pCommandBuffers: Pointer,
  ): void;
  vkBeginCommandBuffer(commandBuffer: Pointer, pBeginInfo: Pointer): number;
  vkEndCommandBuffer(commandBuffer: Pointer): number;
  vkCmdBindPipeline(commandBuffer: Pointer, pipelineBindPoint: number, pipeline: bigint): void;
  vkCmdPushConstants(
    commandBuffer: Pointer,
    layout: bigint,
    stageFlags: number,
    offset: number,
    size: number,
    pValues: Pointer,
  ): void;
  vkCmdDispatch(commandBuffer: Pointer, groupCountX: number, groupCountY: number, groupCountZ: number): void;
  vkCmdDispatchIndirect(commandBuffer: Pointer, buffer: bigint, offset: bigint): void;
  vkCmdCopyBuffer(
    commandBuffer: Pointer,
    srcBuffer: bigint,
    dstBuffer: bigint,
    regionCount: number,
    pRegions: Pointer,
  ): void;
  vkCmdFillBuffer(
    commandBuffer: Pointer,
    dstBuffer: bigint,
    dstOffset: bigint,
    size: bigint,
    data: number,
  ): void;
  vkCmdPipelineBarrier(
    commandBuffer: Pointer,
    srcStageMask: number,
    dstStageMask: number,
    dependencyFlags: number,
    memoryBarrierCount: number,
    pMemoryBarriers: Pointer,
    bufferMemoryBarrierCount: number,
    pBufferMemoryBarriers: Pointer,
    imageMemoryBarrierCount: number,
    pImageMemoryBarriers: Pointer,
  ): void;
  vkCmdResetQueryPool(
    commandBuffer: Pointer,
    queryPool: bigint,
    firstQuery: number,
    queryCount: number,
  ): void;
  vkCmdWriteTimestamp(commandBuffer: Pointer, pipelineStage: number, queryPool: bigint, query: number): void;
  vkCreateQueryPool(device: Pointer, pCreateInfo: Pointer, pAllocator: Pointer, pQueryPool: Pointer): number;
  vkDestroyQueryPool(device: Pointer, queryPool: bigint, pAllocator: Pointer): void;
  vkGetQueryPoolResults(
    device: Pointer,
    queryPool: bigint,
    firstQuery: number,
    queryCount: number,
    dataSize: bigint,
    pData: Pointer,
    stride: bigint,
    flags: number,
  ): number;
}

export interface ExtensionCommands {
  vkCreateDebugUtilsMessengerEXT(
    instance: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pMessenger: Pointer,
  ): number;
  vkDestroyDebugUtilsMessengerEXT(instance: Pointer, messenger: bigint, pAllocator: Pointer): void;
  vkSetDebugUtilsObjectNameEXT(device: Pointer, pNameInfo: Pointer): number;
  vkCreatePipelineBinariesKHR(
    device: Pointer,
    pCreateInfo: Pointer,
    pAllocator: Pointer,
    pBinaries: Pointer,
  ): number;
  vkDestroyPipelineBinaryKHR(device: Pointer, pipelineBinary: bigint, pAllocator: Pointer): void;
  vkGetPipelineKeyKHR(device: Pointer, pPipelineCreateInfo: Pointer, pPipelineKey: Pointer): number;
  vkGetPipelineBinaryDataKHR(
    device: Pointer,
    pInfo: Pointer,
    pPipelineBinaryKey: Pointer,
    pPipelineBinaryDataSize: Pointer,
    pPipelineBinaryData: Pointer,
  ): number;
  vkReleaseCapturedPipelineDataKHR(device: Pointer, pInfo: Pointer, pAllocator: Pointer): number;
}

export const CORE_PROTOTYPES: Readonly<Record<keyof CoreCommands, Prototype>> = {
  vkEnumerateInstanceVersion: ["int32", ["void *"]],
  vkEnumerateInstanceLayerProperties: ["int32", ["void *", "void *"]],
  vkEnumerateInstanceExtensionProperties: ["int32", ["void *", "void *", "void *"]],
  vkCreateInstance: ["int32", ["void *", "void *", "void *"]],
  vkDestroyInstance: ["void", ["void *", "void *"]],
  vkGetInstanceProcAddr: ["void *", ["void *", "void *"]],
  vkGetDeviceProcAddr: ["void *", ["void *", "void *"]],
  vkEnumeratePhysicalDevices: ["int32", ["void *", "void *", "void *"]],
  vkGetPhysicalDeviceProperties2: ["void", ["void *", "void *"]],
  vkGetPhysicalDeviceFeatures2: ["void", ["void *", "void *"]],
  vkGetPhysicalDeviceMemoryProperties2: ["void", ["void *", "void *"]],
  vkGetPhysicalDeviceQueueFamilyProperties2: ["void", ["void *", "void *", "void *"]],
  vkEnumerateDeviceExtensionProperties: ["int32", ["void *", "void *", "void *", "void *"]],
  vkCreateDevice: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyDevice: ["void", ["void *", "void *"]],
  vkGetDeviceQueue: ["void", ["void *", "uint32", "uint32", "void *"]],
  vkQueueSubmit: ["int32", ["void *", "uint32", "void *", "uint64"]],
  vkCreateFence: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyFence: ["void", ["void *", "uint64", "void *"]],
  vkResetFences: ["int32", ["void *", "uint32", "void *"]],
  vkGetFenceStatus: ["int32", ["void *", "uint64"]],
  vkWaitForFences: ["int32", ["void *", "uint32", "void *", "uint32", "uint64"]],
  vkCreateSemaphore: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroySemaphore: ["void", ["void *", "uint64", "void *"]],
  vkGetSemaphoreCounterValue: ["int32", ["void *", "uint64", "void *"]],
  vkWaitSemaphores: ["int32", ["void *", "void *", "uint64"]],
  vkSignalSemaphore: ["int32", ["void *", "void *"]],
  vkAllocateMemory: ["int32", ["void *", "void *", "void *", "void *"]],
  vkFreeMemory: ["void", ["void *", "uint64", "void *"]],
  vkMapMemory: ["int32", ["void *", "uint64", "uint64", "uint64", "uint32", "void *"]],
  vkUnmapMemory: ["void", ["void *", "uint64"]],
  vkCreateBuffer: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyBuffer: ["void", ["void *", "uint64", "void *"]],
  vkGetBufferMemoryRequirements: ["void", ["void *", "uint64", "void *"]],
  vkBindBufferMemory: ["int32", ["void *", "uint64", "uint64", "uint64"]],
  vkGetBufferDeviceAddress: ["uint64", ["void *", "void *"]],
  vkCreateShaderModule: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyShaderModule: ["void", ["void *", "uint64", "void *"]],
  vkCreatePipelineCache: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyPipelineCache: ["void", ["void *", "uint64", "void *"]],
  vkGetPipelineCacheData: ["int32", ["void *", "uint64", "void *", "void *"]],
  vkCreatePipelineLayout: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyPipelineLayout: ["void", ["void *", "uint64", "void *"]],
  vkCreateComputePipelines: ["int32", ["void *", "uint64", "uint32", "void *", "void *", "void *"]],
  vkDestroyPipeline: ["void", ["void *", "uint64", "void *"]],
  vkCreateCommandPool: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyCommandPool: ["void", ["void *", "uint64", "void *"]],
  vkAllocateCommandBuffers: ["int32", ["void *", "void *", "void *"]],
  vkFreeCommandBuffers: ["void", ["void *", "uint64", "uint32", "void *"]],
  vkBeginCommandBuffer: ["int32", ["void *", "void *"]],
  vkEndCommandBuffer: ["int32", ["void *"]],
  vkCmdBindPipeline: ["void", ["void *", "uint32", "uint64"]],
  vkCmdPushConstants: ["void", ["void *", "uint64", "uint32", "uint32", "uint32", "void *"]],
  vkCmdDispatch: ["void", ["void *", "uint32", "uint32", "uint32"]],
  vkCmdDispatchIndirect: ["void", ["void *", "uint64", "uint64"]],
  vkCmdCopyBuffer: ["void", ["void *", "uint64", "uint64", "uint32", "void *"]],
  vkCmdFillBuffer: ["void", ["void *", "uint64", "uint64", "uint64", "uint32"]],
  vkCmdPipelineBarrier: [
    "void",
    ["void *", "uint32", "uint32", "uint32", "uint32", "void *", "uint32", "void *", "uint32", "void *"],
  ],
  vkCmdResetQueryPool: ["void", ["void *", "uint64", "uint32", "uint32"]],
  vkCmdWriteTimestamp: ["void", ["void *", "uint32", "uint64", "uint32"]],
  vkCreateQueryPool: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyQueryPool: ["void", ["void *", "uint64", "void *"]],
  vkGetQueryPoolResults: [
    "int32",
    ["void *", "uint64", "uint32", "uint32", "uint64", "void *", "uint64", "uint32"],
  ],
};

export const EXTENSION_PROTOTYPES: Readonly<Record<keyof ExtensionCommands, Prototype>> = {
  vkCreateDebugUtilsMessengerEXT: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyDebugUtilsMessengerEXT: ["void", ["void *", "uint64", "void *"]],
  vkSetDebugUtilsObjectNameEXT: ["int32", ["void *", "void *"]],
  vkCreatePipelineBinariesKHR: ["int32", ["void *", "void *", "void *", "void *"]],
  vkDestroyPipelineBinaryKHR: ["void", ["void *", "uint64", "void *"]],
  vkGetPipelineKeyKHR: ["int32", ["void *", "void *", "void *"]],
  vkGetPipelineBinaryDataKHR: ["int32", ["void *", "void *", "void *", "void *", "void *"]],
  vkReleaseCapturedPipelineDataKHR: ["int32", ["void *", "void *", "void *"]],
};
