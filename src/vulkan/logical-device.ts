/** What is asked of the driver when a device is opened: queues and features. */

import { EverwarpError } from "../base/errors.ts";
import { checkResult } from "./check-result.ts";
import type { DeviceInfo, PhysicalDevice, QueueFamilyInfo } from "./device-info.ts";
import { assertNodesOpen } from "./device-nodes.ts";
import { OPTIONAL_CORE, OPTIONAL_VULKAN12, REQUIRED_CORE, REQUIRED_VULKAN12 } from "./features.ts";
import { inFrame } from "./frame.ts";
import { VkResult } from "./generated/constants.ts";
import {
  VkDeviceCreateInfo,
  VkDeviceQueueCreateInfo,
  VkPhysicalDeviceFeatures2,
  VkPhysicalDeviceVulkan12Features,
} from "./generated/structs.ts";
import { vulkan } from "./loader.ts";

interface QueueOfFamily {
  family: QueueFamilyInfo;
  /** Number of the queue in its family. */
  index: number;
}
/** The queues that a device is opened with. */
export interface QueueChoice {
  compute: QueueOfFamily;
  /** Undefined when transfers share the compute queue. */
  transfer: QueueOfFamily | undefined;
  side: QueueOfFamily | undefined;
}

/**
 * Which queues are used. The compute queue comes from the family with compute and graphics where there is one (the family that every driver
 * treats best), transfers from a family that has nothing else, the side queue from a family of compute without graphics;
 * where there is no such family, from what the compute family has left.
 */
export function chooseQueues(info: DeviceInfo): QueueChoice {
  const withCompute = info.queueFamilies.filter((family) => family.compute);
  const family = withCompute.find(({ graphics }) => graphics) ?? withCompute[0];
  if (family === undefined) {
    throw new EverwarpError("EW_NO_DEVICE", `${info.name} has no queue for compute`, {
      remedy: "Choose another device.",
    });
  }
  let used = 1;
  const next = (): QueueOfFamily | undefined =>
    used < family.queueCount ? { family, index: used++ } : undefined;
  const first = (of: QueueFamilyInfo | undefined): QueueOfFamily | undefined =>
    of && { family: of, index: 0 };
  const transferOnly = info.queueFamilies.find(
    ({ transfer, compute, graphics }) => transfer && !compute && !graphics,
  );
  const computeOnly = withCompute.find((other) => other !== family && !other.graphics);
  return {
    compute: { family, index: 0 },
    transfer: first(transferOnly) ?? next(),
    side: first(computeOnly) ?? next(),
  };
}

/** The queues of a choice. */
export function queuesOf({ compute, transfer, side }: QueueChoice): QueueOfFamily[] {
  return [compute, transfer, side].filter((queue) => queue !== undefined);
}

/** Makes the VkDevice, with every feature of the two lists that it has. */
export function createDevice(physical: PhysicalDevice, families: QueueChoice): bigint {
  const { info } = physical;
  const queueCounts = new Map<number, number>();
  for (const { family, index } of queuesOf(families)) {
    queueCounts.set(family.index, Math.max(queueCounts.get(family.index) ?? 0, index + 1));
  }
  const enabled = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      names.filter((name) => (info.features as readonly string[]).includes(name)).map((name) => [name, 1]),
    );
  const extensions = info.extensions.filter((name) => name === "VK_EXT_memory_budget");
  return inFrame((frame) => {
    const features12 = frame.struct(
      VkPhysicalDeviceVulkan12Features,
      enabled([...REQUIRED_VULKAN12, ...OPTIONAL_VULKAN12]),
    );
    const features = frame.struct(VkPhysicalDeviceFeatures2, {
      pNext: features12.address,
      features: enabled([...REQUIRED_CORE, ...OPTIONAL_CORE]),
    });
    const priorities = frame.bytes(4 * 3); // at most three queues of one family, all alike
    for (let i = 0; i < 3; i++) priorities.view.setFloat32(i * 4, 1, true);
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
    const result = vulkan().vkCreateDevice(physical.handle, create.address, null, out.address);
    if (result === VkResult.VK_ERROR_INITIALIZATION_FAILED) assertNodesOpen();
    checkResult(result, `vkCreateDevice on ${info.name}`);
    return out.u64();
  });
}
