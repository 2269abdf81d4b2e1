// Written by scripts/gen-vulkan.ts from vk.xml (Khronos, Apache-2.0 OR MIT); do not edit.

// oxfmt-ignore
import { layout, u8, u32, i32, f32, u64, pointer, text, bytes, scalars, nested, nestedArray } from "../native/index.ts";

export const VkLayerProperties = layout("VkLayerProperties", 520, undefined, {
  layerName: text(0, 256),
  specVersion: u32(256),
  implementationVersion: u32(260),
  description: text(264, 256),
});

export const VkExtensionProperties = layout("VkExtensionProperties", 260, undefined, {
  extensionName: text(0, 256),
  specVersion: u32(256),
});

export const VkApplicationInfo = layout("VkApplicationInfo", 48, 0, {
  sType: u32(0),
  pNext: pointer(8),
  pApplicationName: pointer(16),
  applicationVersion: u32(24),
  pEngineName: pointer(32),
  engineVersion: u32(40),
  apiVersion: u32(44),
});

export const VkInstanceCreateInfo = layout("VkInstanceCreateInfo", 64, 1, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  pApplicationInfo: pointer(24),
  enabledLayerCount: u32(32),
  ppEnabledLayerNames: pointer(40),
  enabledExtensionCount: u32(48),
  ppEnabledExtensionNames: pointer(56),
});

export const VkPhysicalDeviceLimits = layout("VkPhysicalDeviceLimits", 504, undefined, {
  maxImageDimension1D: u32(0),
  maxImageDimension2D: u32(4),
  maxImageDimension3D: u32(8),
  maxImageDimensionCube: u32(12),
  maxImageArrayLayers: u32(16),
  maxTexelBufferElements: u32(20),
  maxUniformBufferRange: u32(24),
  maxStorageBufferRange: u32(28),
  maxPushConstantsSize: u32(32),
  maxMemoryAllocationCount: u32(36),
  maxSamplerAllocationCount: u32(40),
  bufferImageGranularity: u64(48),
  sparseAddressSpaceSize: u64(56),
  maxBoundDescriptorSets: u32(64),
  maxPerStageDescriptorSamplers: u32(68),
  maxPerStageDescriptorUniformBuffers: u32(72),
  maxPerStageDescriptorStorageBuffers: u32(76),
  maxPerStageDescriptorSampledImages: u32(80),
  maxPerStageDescriptorStorageImages: u32(84),
  maxPerStageDescriptorInputAttachments: u32(88),
  maxPerStageResources: u32(92),
  maxDescriptorSetSamplers: u32(96),
  maxDescriptorSetUniformBuffers: u32(100),
  maxDescriptorSetUniformBuffersDynamic: u32(104),
  maxDescriptorSetStorageBuffers: u32(108),
  maxDescriptorSetStorageBuffersDynamic: u32(112),
  maxDescriptorSetSampledImages: u32(116),
  maxDescriptorSetStorageImages: u32(120),
  maxDescriptorSetInputAttachments: u32(124),
  maxVertexInputAttributes: u32(128),
  maxVertexInputBindings: u32(132),
  maxVertexInputAttributeOffset: u32(136),
  maxVertexInputBindingStride: u32(140),
  maxVertexOutputComponents: u32(144),
  maxTessellationGenerationLevel: u32(148),
  maxTessellationPatchSize: u32(152),
  maxTessellationControlPerVertexInputComponents: u32(156),
  maxTessellationControlPerVertexOutputComponents: u32(160),
  maxTessellationControlPerPatchOutputComponents: u32(164),
  maxTessellationControlTotalOutputComponents: u32(168),
  maxTessellationEvaluationInputComponents: u32(172),
  maxTessellationEvaluationOutputComponents: u32(176),
  maxGeometryShaderInvocations: u32(180),
  maxGeometryInputComponents: u32(184),
  maxGeometryOutputComponents: u32(188),
  maxGeometryOutputVertices: u32(192),
  maxGeometryTotalOutputComponents: u32(196),
  maxFragmentInputComponents: u32(200),
  maxFragmentOutputAttachments: u32(204),
  maxFragmentDualSrcAttachments: u32(208),
  maxFragmentCombinedOutputResources: u32(212),
  maxComputeSharedMemorySize: u32(216),
  maxComputeWorkGroupCount: scalars(220, 3, "u32"),
  maxComputeWorkGroupInvocations: u32(232),
  maxComputeWorkGroupSize: scalars(236, 3, "u32"),
  subPixelPrecisionBits: u32(248),
  subTexelPrecisionBits: u32(252),
  mipmapPrecisionBits: u32(256),
  maxDrawIndexedIndexValue: u32(260),
  maxDrawIndirectCount: u32(264),
  maxSamplerLodBias: f32(268),
  maxSamplerAnisotropy: f32(272),
  maxViewports: u32(276),
  maxViewportDimensions: scalars(280, 2, "u32"),
  viewportBoundsRange: scalars(288, 2, "f32"),
  viewportSubPixelBits: u32(296),
  minMemoryMapAlignment: u64(304),
  minTexelBufferOffsetAlignment: u64(312),
  minUniformBufferOffsetAlignment: u64(320),
  minStorageBufferOffsetAlignment: u64(328),
  minTexelOffset: i32(336),
  maxTexelOffset: u32(340),
  minTexelGatherOffset: i32(344),
  maxTexelGatherOffset: u32(348),
  minInterpolationOffset: f32(352),
  maxInterpolationOffset: f32(356),
  subPixelInterpolationOffsetBits: u32(360),
  maxFramebufferWidth: u32(364),
  maxFramebufferHeight: u32(368),
  maxFramebufferLayers: u32(372),
  framebufferColorSampleCounts: u32(376),
  framebufferDepthSampleCounts: u32(380),
  framebufferStencilSampleCounts: u32(384),
  framebufferNoAttachmentsSampleCounts: u32(388),
  maxColorAttachments: u32(392),
  sampledImageColorSampleCounts: u32(396),
  sampledImageIntegerSampleCounts: u32(400),
  sampledImageDepthSampleCounts: u32(404),
  sampledImageStencilSampleCounts: u32(408),
  storageImageSampleCounts: u32(412),
  maxSampleMaskWords: u32(416),
  timestampComputeAndGraphics: u32(420),
  timestampPeriod: f32(424),
  maxClipDistances: u32(428),
  maxCullDistances: u32(432),
  maxCombinedClipAndCullDistances: u32(436),
  discreteQueuePriorities: u32(440),
  pointSizeRange: scalars(444, 2, "f32"),
  lineWidthRange: scalars(452, 2, "f32"),
  pointSizeGranularity: f32(460),
  lineWidthGranularity: f32(464),
  strictLines: u32(468),
  standardSampleLocations: u32(472),
  optimalBufferCopyOffsetAlignment: u64(480),
  optimalBufferCopyRowPitchAlignment: u64(488),
  nonCoherentAtomSize: u64(496),
});

export const VkPhysicalDeviceSparseProperties = layout("VkPhysicalDeviceSparseProperties", 20, undefined, {
  residencyStandard2DBlockShape: u32(0),
  residencyStandard2DMultisampleBlockShape: u32(4),
  residencyStandard3DBlockShape: u32(8),
  residencyAlignedMipSize: u32(12),
  residencyNonResidentStrict: u32(16),
});

export const VkPhysicalDeviceProperties = layout("VkPhysicalDeviceProperties", 824, undefined, {
  apiVersion: u32(0),
  driverVersion: u32(4),
  vendorID: u32(8),
  deviceID: u32(12),
  deviceType: u32(16),
  deviceName: text(20, 256),
  pipelineCacheUUID: bytes(276, 16),
  limits: nested(296, VkPhysicalDeviceLimits),
  sparseProperties: nested(800, VkPhysicalDeviceSparseProperties),
});

export const VkPhysicalDeviceProperties2 = layout("VkPhysicalDeviceProperties2", 840, 1000059001, {
  sType: u32(0),
  pNext: pointer(8),
  properties: nested(16, VkPhysicalDeviceProperties),
});

export const VkPhysicalDeviceFeatures = layout("VkPhysicalDeviceFeatures", 220, undefined, {
  robustBufferAccess: u32(0),
  fullDrawIndexUint32: u32(4),
  imageCubeArray: u32(8),
  independentBlend: u32(12),
  geometryShader: u32(16),
  tessellationShader: u32(20),
  sampleRateShading: u32(24),
  dualSrcBlend: u32(28),
  logicOp: u32(32),
  multiDrawIndirect: u32(36),
  drawIndirectFirstInstance: u32(40),
  depthClamp: u32(44),
  depthBiasClamp: u32(48),
  fillModeNonSolid: u32(52),
  depthBounds: u32(56),
  wideLines: u32(60),
  largePoints: u32(64),
  alphaToOne: u32(68),
  multiViewport: u32(72),
  samplerAnisotropy: u32(76),
  textureCompressionETC2: u32(80),
  textureCompressionASTC_LDR: u32(84),
  textureCompressionBC: u32(88),
  occlusionQueryPrecise: u32(92),
  pipelineStatisticsQuery: u32(96),
  vertexPipelineStoresAndAtomics: u32(100),
  fragmentStoresAndAtomics: u32(104),
  shaderTessellationAndGeometryPointSize: u32(108),
  shaderImageGatherExtended: u32(112),
  shaderStorageImageExtendedFormats: u32(116),
  shaderStorageImageMultisample: u32(120),
  shaderStorageImageReadWithoutFormat: u32(124),
  shaderStorageImageWriteWithoutFormat: u32(128),
  shaderUniformBufferArrayDynamicIndexing: u32(132),
  shaderSampledImageArrayDynamicIndexing: u32(136),
  shaderStorageBufferArrayDynamicIndexing: u32(140),
  shaderStorageImageArrayDynamicIndexing: u32(144),
  shaderClipDistance: u32(148),
  shaderCullDistance: u32(152),
  shaderFloat64: u32(156),
  shaderInt64: u32(160),
  shaderInt16: u32(164),
  shaderResourceResidency: u32(168),
  shaderResourceMinLod: u32(172),
  sparseBinding: u32(176),
  sparseResidencyBuffer: u32(180),
  sparseResidencyImage2D: u32(184),
  sparseResidencyImage3D: u32(188),
  sparseResidency2Samples: u32(192),
  sparseResidency4Samples: u32(196),
  sparseResidency8Samples: u32(200),
  sparseResidency16Samples: u32(204),
  sparseResidencyAliased: u32(208),
  variableMultisampleRate: u32(212),
  inheritedQueries: u32(216),
});

export const VkPhysicalDeviceFeatures2 = layout("VkPhysicalDeviceFeatures2", 240, 1000059000, {
  sType: u32(0),
  pNext: pointer(8),
  features: nested(16, VkPhysicalDeviceFeatures),
});

export const VkMemoryType = layout("VkMemoryType", 8, undefined, {
  propertyFlags: u32(0),
  heapIndex: u32(4),
});

export const VkMemoryHeap = layout("VkMemoryHeap", 16, undefined, {
  size: u64(0),
  flags: u32(8),
});

export const VkPhysicalDeviceMemoryProperties = layout("VkPhysicalDeviceMemoryProperties", 520, undefined, {
  memoryTypeCount: u32(0),
  memoryTypes: nestedArray(4, 32, VkMemoryType),
  memoryHeapCount: u32(260),
  memoryHeaps: nestedArray(264, 16, VkMemoryHeap),
});

export const VkPhysicalDeviceMemoryProperties2 = layout(
  "VkPhysicalDeviceMemoryProperties2",
  536,
  1000059006,
  {
    sType: u32(0),
    pNext: pointer(8),
    memoryProperties: nested(16, VkPhysicalDeviceMemoryProperties),
  },
);

export const VkExtent3D = layout("VkExtent3D", 12, undefined, {
  width: u32(0),
  height: u32(4),
  depth: u32(8),
});

export const VkQueueFamilyProperties = layout("VkQueueFamilyProperties", 24, undefined, {
  queueFlags: u32(0),
  queueCount: u32(4),
  timestampValidBits: u32(8),
  minImageTransferGranularity: nested(12, VkExtent3D),
});

export const VkQueueFamilyProperties2 = layout("VkQueueFamilyProperties2", 40, 1000059005, {
  sType: u32(0),
  pNext: pointer(8),
  queueFamilyProperties: nested(16, VkQueueFamilyProperties),
});

export const VkDeviceQueueCreateInfo = layout("VkDeviceQueueCreateInfo", 40, 2, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  queueFamilyIndex: u32(20),
  queueCount: u32(24),
  pQueuePriorities: pointer(32),
});

export const VkDeviceCreateInfo = layout("VkDeviceCreateInfo", 72, 3, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  queueCreateInfoCount: u32(20),
  pQueueCreateInfos: pointer(24),
  enabledLayerCount: u32(32),
  ppEnabledLayerNames: pointer(40),
  enabledExtensionCount: u32(48),
  ppEnabledExtensionNames: pointer(56),
  pEnabledFeatures: pointer(64),
});

export const VkSubmitInfo = layout("VkSubmitInfo", 72, 4, {
  sType: u32(0),
  pNext: pointer(8),
  waitSemaphoreCount: u32(16),
  pWaitSemaphores: pointer(24),
  pWaitDstStageMask: pointer(32),
  commandBufferCount: u32(40),
  pCommandBuffers: pointer(48),
  signalSemaphoreCount: u32(56),
  pSignalSemaphores: pointer(64),
});

export const VkFenceCreateInfo = layout("VkFenceCreateInfo", 24, 8, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
});

export const VkSemaphoreCreateInfo = layout("VkSemaphoreCreateInfo", 24, 9, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
});

export const VkSemaphoreWaitInfo = layout("VkSemaphoreWaitInfo", 40, 1000207004, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  semaphoreCount: u32(20),
  pSemaphores: pointer(24),
  pValues: pointer(32),
});

export const VkSemaphoreSignalInfo = layout("VkSemaphoreSignalInfo", 32, 1000207005, {
  sType: u32(0),
  pNext: pointer(8),
  semaphore: u64(16),
  value: u64(24),
});

export const VkMemoryAllocateInfo = layout("VkMemoryAllocateInfo", 32, 5, {
  sType: u32(0),
  pNext: pointer(8),
  allocationSize: u64(16),
  memoryTypeIndex: u32(24),
});

export const VkBufferCreateInfo = layout("VkBufferCreateInfo", 56, 12, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  size: u64(24),
  usage: u32(32),
  sharingMode: u32(36),
  queueFamilyIndexCount: u32(40),
  pQueueFamilyIndices: pointer(48),
});

export const VkMemoryRequirements = layout("VkMemoryRequirements", 24, undefined, {
  size: u64(0),
  alignment: u64(8),
  memoryTypeBits: u32(16),
});

export const VkBufferDeviceAddressInfo = layout("VkBufferDeviceAddressInfo", 24, 1000244001, {
  sType: u32(0),
  pNext: pointer(8),
  buffer: u64(16),
});

export const VkShaderModuleCreateInfo = layout("VkShaderModuleCreateInfo", 40, 16, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  codeSize: u64(24),
  pCode: pointer(32),
});

export const VkPipelineCacheCreateInfo = layout("VkPipelineCacheCreateInfo", 40, 17, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  initialDataSize: u64(24),
  pInitialData: pointer(32),
});

export const VkPushConstantRange = layout("VkPushConstantRange", 12, undefined, {
  stageFlags: u32(0),
  offset: u32(4),
  size: u32(8),
});

export const VkPipelineLayoutCreateInfo = layout("VkPipelineLayoutCreateInfo", 48, 30, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  setLayoutCount: u32(20),
  pSetLayouts: pointer(24),
  pushConstantRangeCount: u32(32),
  pPushConstantRanges: pointer(40),
});

export const VkSpecializationMapEntry = layout("VkSpecializationMapEntry", 16, undefined, {
  constantID: u32(0),
  offset: u32(4),
  size: u64(8),
});

export const VkSpecializationInfo = layout("VkSpecializationInfo", 32, undefined, {
  mapEntryCount: u32(0),
  pMapEntries: pointer(8),
  dataSize: u64(16),
  pData: pointer(24),
});

export const VkPipelineShaderStageCreateInfo = layout("VkPipelineShaderStageCreateInfo", 48, 18, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  stage: u32(20),
  module: u64(24),
  pName: pointer(32),
  pSpecializationInfo: pointer(40),
});

export const VkComputePipelineCreateInfo = layout("VkComputePipelineCreateInfo", 96, 29, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  stage: nested(24, VkPipelineShaderStageCreateInfo),
  layout: u64(72),
  basePipelineHandle: u64(80),
  basePipelineIndex: i32(88),
});

export const VkCommandPoolCreateInfo = layout("VkCommandPoolCreateInfo", 24, 39, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  queueFamilyIndex: u32(20),
});

export const VkCommandBufferAllocateInfo = layout("VkCommandBufferAllocateInfo", 32, 40, {
  sType: u32(0),
  pNext: pointer(8),
  commandPool: u64(16),
  level: u32(24),
  commandBufferCount: u32(28),
});

export const VkCommandBufferInheritanceInfo = layout("VkCommandBufferInheritanceInfo", 56, 41, {
  sType: u32(0),
  pNext: pointer(8),
  renderPass: u64(16),
  subpass: u32(24),
  framebuffer: u64(32),
  occlusionQueryEnable: u32(40),
  queryFlags: u32(44),
  pipelineStatistics: u32(48),
});

export const VkCommandBufferBeginInfo = layout("VkCommandBufferBeginInfo", 32, 42, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  pInheritanceInfo: pointer(24),
});

export const VkBufferCopy = layout("VkBufferCopy", 24, undefined, {
  srcOffset: u64(0),
  dstOffset: u64(8),
  size: u64(16),
});

export const VkMemoryBarrier = layout("VkMemoryBarrier", 24, 46, {
  sType: u32(0),
  pNext: pointer(8),
  srcAccessMask: u32(16),
  dstAccessMask: u32(20),
});

export const VkBufferMemoryBarrier = layout("VkBufferMemoryBarrier", 56, 44, {
  sType: u32(0),
  pNext: pointer(8),
  srcAccessMask: u32(16),
  dstAccessMask: u32(20),
  srcQueueFamilyIndex: u32(24),
  dstQueueFamilyIndex: u32(28),
  buffer: u64(32),
  offset: u64(40),
  size: u64(48),
});

export const VkQueryPoolCreateInfo = layout("VkQueryPoolCreateInfo", 32, 11, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  queryType: u32(20),
  queryCount: u32(24),
  pipelineStatistics: u32(28),
});

export const VkDebugUtilsMessengerCreateInfoEXT = layout(
  "VkDebugUtilsMessengerCreateInfoEXT",
  48,
  1000128004,
  {
    sType: u32(0),
    pNext: pointer(8),
    flags: u32(16),
    messageSeverity: u32(20),
    messageType: u32(24),
    pfnUserCallback: pointer(32),
    pUserData: pointer(40),
  },
);

export const VkDebugUtilsObjectNameInfoEXT = layout("VkDebugUtilsObjectNameInfoEXT", 40, 1000128000, {
  sType: u32(0),
  pNext: pointer(8),
  objectType: u32(16),
  objectHandle: u64(24),
  pObjectName: pointer(32),
});

export const VkPipelineBinaryKeyKHR = layout("VkPipelineBinaryKeyKHR", 56, 1000483003, {
  sType: u32(0),
  pNext: pointer(8),
  keySize: u32(16),
  key: bytes(20, 32),
});

export const VkPipelineBinaryDataKHR = layout("VkPipelineBinaryDataKHR", 16, undefined, {
  dataSize: u64(0),
  pData: pointer(8),
});

export const VkPipelineBinaryKeysAndDataKHR = layout("VkPipelineBinaryKeysAndDataKHR", 24, undefined, {
  binaryCount: u32(0),
  pPipelineBinaryKeys: pointer(8),
  pPipelineBinaryData: pointer(16),
});

export const VkPipelineCreateInfoKHR = layout("VkPipelineCreateInfoKHR", 16, 1000483007, {
  sType: u32(0),
  pNext: pointer(8),
});

export const VkPipelineBinaryCreateInfoKHR = layout("VkPipelineBinaryCreateInfoKHR", 40, 1000483001, {
  sType: u32(0),
  pNext: pointer(8),
  pKeysAndDataInfo: pointer(16),
  pipeline: u64(24),
  pPipelineCreateInfo: pointer(32),
});

export const VkPipelineBinaryHandlesInfoKHR = layout("VkPipelineBinaryHandlesInfoKHR", 32, 1000483009, {
  sType: u32(0),
  pNext: pointer(8),
  pipelineBinaryCount: u32(16),
  pPipelineBinaries: pointer(24),
});

export const VkPipelineBinaryDataInfoKHR = layout("VkPipelineBinaryDataInfoKHR", 24, 1000483006, {
  sType: u32(0),
  pNext: pointer(8),
  pipelineBinary: u64(16),
});

export const VkReleaseCapturedPipelineDataInfoKHR = layout(
  "VkReleaseCapturedPipelineDataInfoKHR",
  24,
  1000483005,
  {
    sType: u32(0),
    pNext: pointer(8),
    pipeline: u64(16),
  },
);

export const VkPhysicalDeviceVulkan11Properties = layout("VkPhysicalDeviceVulkan11Properties", 112, 50, {
  sType: u32(0),
  pNext: pointer(8),
  deviceUUID: bytes(16, 16),
  driverUUID: bytes(32, 16),
  deviceLUID: bytes(48, 8),
  deviceNodeMask: u32(56),
  deviceLUIDValid: u32(60),
  subgroupSize: u32(64),
  subgroupSupportedStages: u32(68),
  subgroupSupportedOperations: u32(72),
  subgroupQuadOperationsInAllStages: u32(76),
  pointClippingBehavior: u32(80),
  maxMultiviewViewCount: u32(84),
  maxMultiviewInstanceIndex: u32(88),
  protectedNoFault: u32(92),
  maxPerSetDescriptors: u32(96),
  maxMemoryAllocationSize: u64(104),
});

export const VkConformanceVersion = layout("VkConformanceVersion", 4, undefined, {
  major: u8(0),
  minor: u8(1),
  subminor: u8(2),
  patch: u8(3),
});

export const VkPhysicalDeviceVulkan12Properties = layout("VkPhysicalDeviceVulkan12Properties", 736, 52, {
  sType: u32(0),
  pNext: pointer(8),
  driverID: u32(16),
  driverName: text(20, 256),
  driverInfo: text(276, 256),
  conformanceVersion: nested(532, VkConformanceVersion),
  denormBehaviorIndependence: u32(536),
  roundingModeIndependence: u32(540),
  shaderSignedZeroInfNanPreserveFloat16: u32(544),
  shaderSignedZeroInfNanPreserveFloat32: u32(548),
  shaderSignedZeroInfNanPreserveFloat64: u32(552),
  shaderDenormPreserveFloat16: u32(556),
  shaderDenormPreserveFloat32: u32(560),
  shaderDenormPreserveFloat64: u32(564),
  shaderDenormFlushToZeroFloat16: u32(568),
  shaderDenormFlushToZeroFloat32: u32(572),
  shaderDenormFlushToZeroFloat64: u32(576),
  shaderRoundingModeRTEFloat16: u32(580),
  shaderRoundingModeRTEFloat32: u32(584),
  shaderRoundingModeRTEFloat64: u32(588),
  shaderRoundingModeRTZFloat16: u32(592),
  shaderRoundingModeRTZFloat32: u32(596),
  shaderRoundingModeRTZFloat64: u32(600),
  maxUpdateAfterBindDescriptorsInAllPools: u32(604),
  shaderUniformBufferArrayNonUniformIndexingNative: u32(608),
  shaderSampledImageArrayNonUniformIndexingNative: u32(612),
  shaderStorageBufferArrayNonUniformIndexingNative: u32(616),
  shaderStorageImageArrayNonUniformIndexingNative: u32(620),
  shaderInputAttachmentArrayNonUniformIndexingNative: u32(624),
  robustBufferAccessUpdateAfterBind: u32(628),
  quadDivergentImplicitLod: u32(632),
  maxPerStageDescriptorUpdateAfterBindSamplers: u32(636),
  maxPerStageDescriptorUpdateAfterBindUniformBuffers: u32(640),
  maxPerStageDescriptorUpdateAfterBindStorageBuffers: u32(644),
  maxPerStageDescriptorUpdateAfterBindSampledImages: u32(648),
  maxPerStageDescriptorUpdateAfterBindStorageImages: u32(652),
  maxPerStageDescriptorUpdateAfterBindInputAttachments: u32(656),
  maxPerStageUpdateAfterBindResources: u32(660),
  maxDescriptorSetUpdateAfterBindSamplers: u32(664),
  maxDescriptorSetUpdateAfterBindUniformBuffers: u32(668),
  maxDescriptorSetUpdateAfterBindUniformBuffersDynamic: u32(672),
  maxDescriptorSetUpdateAfterBindStorageBuffers: u32(676),
  maxDescriptorSetUpdateAfterBindStorageBuffersDynamic: u32(680),
  maxDescriptorSetUpdateAfterBindSampledImages: u32(684),
  maxDescriptorSetUpdateAfterBindStorageImages: u32(688),
  maxDescriptorSetUpdateAfterBindInputAttachments: u32(692),
  supportedDepthResolveModes: u32(696),
  supportedStencilResolveModes: u32(700),
  independentResolveNone: u32(704),
  independentResolve: u32(708),
  filterMinmaxSingleComponentFormats: u32(712),
  filterMinmaxImageComponentMapping: u32(716),
  maxTimelineSemaphoreValueDifference: u64(720),
  framebufferIntegerColorSampleCounts: u32(728),
});

export const VkPhysicalDeviceVulkan12Features = layout("VkPhysicalDeviceVulkan12Features", 208, 51, {
  sType: u32(0),
  pNext: pointer(8),
  samplerMirrorClampToEdge: u32(16),
  drawIndirectCount: u32(20),
  storageBuffer8BitAccess: u32(24),
  uniformAndStorageBuffer8BitAccess: u32(28),
  storagePushConstant8: u32(32),
  shaderBufferInt64Atomics: u32(36),
  shaderSharedInt64Atomics: u32(40),
  shaderFloat16: u32(44),
  shaderInt8: u32(48),
  descriptorIndexing: u32(52),
  shaderInputAttachmentArrayDynamicIndexing: u32(56),
  shaderUniformTexelBufferArrayDynamicIndexing: u32(60),
  shaderStorageTexelBufferArrayDynamicIndexing: u32(64),
  shaderUniformBufferArrayNonUniformIndexing: u32(68),
  shaderSampledImageArrayNonUniformIndexing: u32(72),
  shaderStorageBufferArrayNonUniformIndexing: u32(76),
  shaderStorageImageArrayNonUniformIndexing: u32(80),
  shaderInputAttachmentArrayNonUniformIndexing: u32(84),
  shaderUniformTexelBufferArrayNonUniformIndexing: u32(88),
  shaderStorageTexelBufferArrayNonUniformIndexing: u32(92),
  descriptorBindingUniformBufferUpdateAfterBind: u32(96),
  descriptorBindingSampledImageUpdateAfterBind: u32(100),
  descriptorBindingStorageImageUpdateAfterBind: u32(104),
  descriptorBindingStorageBufferUpdateAfterBind: u32(108),
  descriptorBindingUniformTexelBufferUpdateAfterBind: u32(112),
  descriptorBindingStorageTexelBufferUpdateAfterBind: u32(116),
  descriptorBindingUpdateUnusedWhilePending: u32(120),
  descriptorBindingPartiallyBound: u32(124),
  descriptorBindingVariableDescriptorCount: u32(128),
  runtimeDescriptorArray: u32(132),
  samplerFilterMinmax: u32(136),
  scalarBlockLayout: u32(140),
  imagelessFramebuffer: u32(144),
  uniformBufferStandardLayout: u32(148),
  shaderSubgroupExtendedTypes: u32(152),
  separateDepthStencilLayouts: u32(156),
  hostQueryReset: u32(160),
  timelineSemaphore: u32(164),
  bufferDeviceAddress: u32(168),
  bufferDeviceAddressCaptureReplay: u32(172),
  bufferDeviceAddressMultiDevice: u32(176),
  vulkanMemoryModel: u32(180),
  vulkanMemoryModelDeviceScope: u32(184),
  vulkanMemoryModelAvailabilityVisibilityChains: u32(188),
  shaderOutputViewportIndex: u32(192),
  shaderOutputLayer: u32(196),
  subgroupBroadcastDynamicId: u32(200),
});

export const VkPhysicalDeviceMemoryBudgetPropertiesEXT = layout(
  "VkPhysicalDeviceMemoryBudgetPropertiesEXT",
  272,
  1000237000,
  {
    sType: u32(0),
    pNext: pointer(8),
    heapBudget: scalars(16, 16, "u64"),
    heapUsage: scalars(144, 16, "u64"),
  },
);

export const VkPhysicalDeviceShaderSMBuiltinsPropertiesNV = layout(
  "VkPhysicalDeviceShaderSMBuiltinsPropertiesNV",
  24,
  1000154001,
  {
    sType: u32(0),
    pNext: pointer(8),
    shaderSMCount: u32(16),
    shaderWarpsPerSM: u32(20),
  },
);

export const VkPhysicalDeviceShaderCorePropertiesAMD = layout(
  "VkPhysicalDeviceShaderCorePropertiesAMD",
  72,
  1000185000,
  {
    sType: u32(0),
    pNext: pointer(8),
    shaderEngineCount: u32(16),
    shaderArraysPerEngineCount: u32(20),
    computeUnitsPerShaderArray: u32(24),
    simdPerComputeUnit: u32(28),
    wavefrontsPerSimd: u32(32),
    wavefrontSize: u32(36),
    sgprsPerSimd: u32(40),
    minSgprAllocation: u32(44),
    maxSgprAllocation: u32(48),
    sgprAllocationGranularity: u32(52),
    vgprsPerSimd: u32(56),
    minVgprAllocation: u32(60),
    maxVgprAllocation: u32(64),
    vgprAllocationGranularity: u32(68),
  },
);

export const VkPhysicalDeviceShaderClockFeaturesKHR = layout(
  "VkPhysicalDeviceShaderClockFeaturesKHR",
  24,
  1000181000,
  {
    sType: u32(0),
    pNext: pointer(8),
    shaderSubgroupClock: u32(16),
    shaderDeviceClock: u32(20),
  },
);

export const VkPhysicalDeviceMaintenance5Features = layout(
  "VkPhysicalDeviceMaintenance5Features",
  24,
  1000470000,
  {
    sType: u32(0),
    pNext: pointer(8),
    maintenance5: u32(16),
  },
);

export const VkPhysicalDevicePipelineBinaryFeaturesKHR = layout(
  "VkPhysicalDevicePipelineBinaryFeaturesKHR",
  24,
  1000483000,
  {
    sType: u32(0),
    pNext: pointer(8),
    pipelineBinaries: u32(16),
  },
);

export const VkPhysicalDevicePipelineBinaryPropertiesKHR = layout(
  "VkPhysicalDevicePipelineBinaryPropertiesKHR",
  40,
  1000483004,
  {
    sType: u32(0),
    pNext: pointer(8),
    pipelineBinaryInternalCache: u32(16),
    pipelineBinaryInternalCacheControl: u32(20),
    pipelineBinaryPrefersInternalCache: u32(24),
    pipelineBinaryPrecompiledInternalCache: u32(28),
    pipelineBinaryCompressedData: u32(32),
  },
);

export const VkDevicePipelineBinaryInternalCacheControlKHR = layout(
  "VkDevicePipelineBinaryInternalCacheControlKHR",
  24,
  1000483008,
  {
    sType: u32(0),
    pNext: pointer(8),
    disableInternalCache: u32(16),
  },
);

export const VkPipelineCreateFlags2CreateInfo = layout("VkPipelineCreateFlags2CreateInfo", 24, 1000470005, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u64(16),
});

export const VkPipelineBinaryInfoKHR = layout("VkPipelineBinaryInfoKHR", 32, 1000483002, {
  sType: u32(0),
  pNext: pointer(8),
  binaryCount: u32(16),
  pPipelineBinaries: pointer(24),
});

export const VkPipelineCreationFeedback = layout("VkPipelineCreationFeedback", 16, undefined, {
  flags: u32(0),
  duration: u64(8),
});

export const VkPipelineCreationFeedbackCreateInfo = layout(
  "VkPipelineCreationFeedbackCreateInfo",
  40,
  1000192000,
  {
    sType: u32(0),
    pNext: pointer(8),
    pPipelineCreationFeedback: pointer(16),
    pipelineStageCreationFeedbackCount: u32(24),
    pPipelineStageCreationFeedbacks: pointer(32),
  },
);

export const VkMemoryAllocateFlagsInfo = layout("VkMemoryAllocateFlagsInfo", 24, 1000060000, {
  sType: u32(0),
  pNext: pointer(8),
  flags: u32(16),
  deviceMask: u32(20),
});

export const VkSemaphoreTypeCreateInfo = layout("VkSemaphoreTypeCreateInfo", 32, 1000207002, {
  sType: u32(0),
  pNext: pointer(8),
  semaphoreType: u32(16),
  initialValue: u64(24),
});

export const VkTimelineSemaphoreSubmitInfo = layout("VkTimelineSemaphoreSubmitInfo", 48, 1000207003, {
  sType: u32(0),
  pNext: pointer(8),
  waitSemaphoreValueCount: u32(16),
  pWaitSemaphoreValues: pointer(24),
  signalSemaphoreValueCount: u32(32),
  pSignalSemaphoreValues: pointer(40),
});

export const VkDebugUtilsMessengerCallbackDataEXT = layout(
  "VkDebugUtilsMessengerCallbackDataEXT",
  96,
  1000128003,
  {
    sType: u32(0),
    pNext: pointer(8),
    flags: u32(16),
    pMessageIdName: pointer(24),
    messageIdNumber: i32(32),
    pMessage: pointer(40),
    queueLabelCount: u32(48),
    pQueueLabels: pointer(56),
    cmdBufLabelCount: u32(64),
    pCmdBufLabels: pointer(72),
    objectCount: u32(80),
    pObjects: pointer(88),
  },
);
