/** The queues and features that are requested from the driver when a device is opened. */

import { EverwarpError } from "../../base/index.ts";
import { checkResult, injectedResult, vulkan } from "../calls/index.ts";
import {
  assertNodesOpen,
  type DeviceInfo,
  MAINTENANCE_5,
  OPTIONAL_CLOCK,
  OPTIONAL_CORE,
  OPTIONAL_VULKAN12,
  type PhysicalDevice,
  PIPELINE_BINARY,
  type QueueFamilyInfo,
  REQUIRED_CORE,
  REQUIRED_VULKAN12,
  SHADER_CLOCK,
} from "../instance/index.ts";
import { type Frame, inFrame } from "../native/index.ts";
import {
  VkDeviceCreateInfo,
  VkDevicePipelineBinaryInternalCacheControlKHR,
  VkDeviceQueueCreateInfo,
  VkPhysicalDeviceFeatures2,
  VkPhysicalDeviceMaintenance5Features,
  VkPhysicalDevicePipelineBinaryFeaturesKHR,
  VkPhysicalDeviceShaderClockFeaturesKHR,
  VkPhysicalDeviceVulkan12Features,
  VkResult,
} from "../generated/index.ts";

/** The extensions of interest that are enabled. The others only carry information. */
const ENABLED_EXTENSIONS: ReadonlySet<string> = new Set(["VK_EXT_memory_budget", SHADER_CLOCK]);

/** The number of queues for leases that a device is opened with, if its families have that many. */
export const LEASABLE_QUEUES_MAX = 8;

/** One queue of a family of queues. */
export interface QueueOfFamily {
  family: QueueFamilyInfo;
  /** Number of the queue in its family. */
  index: number;
}
/** The queues that a device is opened with. */
export interface QueueChoice {
  compute: QueueOfFamily;
  /** Undefined when transfers share the compute queue. */
  transfer: QueueOfFamily | undefined;
  /** Further compute queues, in the order in which they are leased. */
  leasable: readonly QueueOfFamily[];
}

/**
 * Chooses the queues of a device.
 *
 * All kernels use queues of one family, because kernels on queues of one family run at the same time. If there is a
 * family with compute, without graphics, and with several queues, it is chosen. The reason is NVIDIA's driver: kernels
 * in a family with graphics wait for each other, and graphics waits for them. Transfers get a family of their own if
 * there is one.
 *
 * @param leasableMax maximum number of queues for leases
 */
export function chooseQueues(info: DeviceInfo, leasableMax = LEASABLE_QUEUES_MAX): QueueChoice {
  const withCompute = info.queueFamilies.filter((family) => family.compute);
  const family =
    withCompute.find(({ graphics, queueCount }) => !graphics && queueCount > 1) ??
    withCompute.find(({ graphics }) => graphics) ??
    withCompute[0];
  if (family === undefined) {
    throw new EverwarpError("EW_NO_DEVICE", `${info.name} has no queue for compute`, {
      remedy: "Choose another device.",
    });
  }
  const used = new Map<number, number>();
  const next = (of: QueueFamilyInfo | undefined): QueueOfFamily | undefined => {
    const index = of === undefined ? 0 : (used.get(of.index) ?? 0);
    if (of === undefined || index >= of.queueCount) return undefined;
    used.set(of.index, index + 1);
    return { family: of, index };
  };
  const compute = next(family) ?? { family, index: 0 }; // every family has at least one queue
  const transferOnly = info.queueFamilies.find(
    (other) => other.transfer && !other.compute && !other.graphics,
  );
  const transfer = next(transferOnly) ?? next(family);
  const leasable: QueueOfFamily[] = [];
  while (leasable.length < leasableMax) {
    const queue = next(family);
    if (queue === undefined) break;
    leasable.push(queue);
  }
  return { compute, transfer, leasable };
}

/** The queues of a choice. */
export function queuesOf({ compute, transfer, leasable }: QueueChoice): QueueOfFamily[] {
  return [compute, transfer, ...leasable].filter((queue) => queue !== undefined);
}

/**
 * Creates the VkDevice, with every feature of the two lists that the device has.
 *
 * @param driverCache whether the driver may use its own pipeline cache. `false` works only if the driver allows it
 * @param passesBinaries `passesBinaries` of the instance
 */
export function createDevice(
  physical: PhysicalDevice,
  families: QueueChoice,
  { driverCache = true, passesBinaries = true }: { driverCache?: boolean; passesBinaries?: boolean } = {},
): bigint {
  const { info } = physical;
  const queueCounts = new Map<number, number>();
  for (const { family, index } of queuesOf(families)) {
    queueCounts.set(family.index, Math.max(queueCounts.get(family.index) ?? 0, index + 1));
  }
  const enabled = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      names.filter((name) => (info.features as readonly string[]).includes(name)).map((name) => [name, 1]),
    );
  const pipelineBinary = passesBinaries ? info.pipelineBinary : undefined;
  const binaryExtensions = pipelineBinary === undefined ? [] : [MAINTENANCE_5, PIPELINE_BINARY];
  const extensions = [...info.extensions.filter((name) => ENABLED_EXTENSIONS.has(name)), ...binaryExtensions];
  return inFrame((frame) => {
    const binaries =
      pipelineBinary === undefined
        ? 0n
        : chainBinaries(frame, !driverCache && pipelineBinary.internalCacheControl);
    const clock = info.extensions.includes(SHADER_CLOCK)
      ? frame.struct(VkPhysicalDeviceShaderClockFeaturesKHR, { pNext: binaries, ...enabled(OPTIONAL_CLOCK) })
      : undefined;
    const features12 = frame.struct(VkPhysicalDeviceVulkan12Features, {
      pNext: clock?.address ?? binaries,
      ...enabled([...REQUIRED_VULKAN12, ...OPTIONAL_VULKAN12]),
    });
    const features = frame.struct(VkPhysicalDeviceFeatures2, {
      pNext: features12.address,
      features: enabled([...REQUIRED_CORE, ...OPTIONAL_CORE]),
    });
    const queueCountMax = Math.max(...queueCounts.values());
    const priorities = frame.bytes(4 * queueCountMax); // all queues have the same priority
    for (let i = 0; i < queueCountMax; i++) priorities.view.setFloat32(i * 4, 1, true);
    const queues = frame.structs(
      VkDeviceQueueCreateInfo,
      [...queueCounts].map(([queueFamilyIndex, queueCount]) => ({
        queueFamilyIndex,
        queueCount,
        pQueuePriorities: priorities.address,
      })),
    );
    const create = frame.struct(VkDeviceCreateInfo, {
      pNext: features.address,
      queueCreateInfoCount: queueCounts.size,
      pQueueCreateInfos: queues.address,
      enabledExtensionCount: extensions.length,
      ppEnabledExtensionNames: frame.texts(extensions),
    });
    const out = frame.bytes(8);
    const result =
      injectedResult("create-device") ??
      vulkan().vkCreateDevice(physical.handle, create.address, null, out.address);
    if (result === VkResult.VK_ERROR_INITIALIZATION_FAILED) assertNodesOpen();
    checkResult(result, `vkCreateDevice on ${info.name}`);
    return out.u64();
  });
}

/** Writes the structs that enable pipeline binaries. Returns the address of the first struct. */
function chainBinaries(frame: Frame, disableInternalCache: boolean): bigint {
  const control = disableInternalCache
    ? frame.struct(VkDevicePipelineBinaryInternalCacheControlKHR, { disableInternalCache: 1 }).address
    : 0n;
  const binary = frame.struct(VkPhysicalDevicePipelineBinaryFeaturesKHR, {
    pNext: control,
    pipelineBinaries: 1,
  });
  return frame.struct(VkPhysicalDeviceMaintenance5Features, { pNext: binary.address, maintenance5: 1 })
    .address;
}
