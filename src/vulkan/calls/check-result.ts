/** Turns VkResult codes into errors. Every VkResult passes through `checkResult`. */

import {
  type ErrorCode,
  EverwarpError,
  type DeviceFault,
  deviceFaultAt,
  type DeviceFaultPoint,
} from "../../base/index.ts";
import { VkResult } from "../generated/index.ts";

interface Meaning {
  code: ErrorCode;
  remedy: string;
}

const MEANINGS: Readonly<Partial<Record<keyof typeof VkResult, Meaning>>> = {
  VK_ERROR_DEVICE_LOST: {
    code: "EW_DEVICE_LOST",
    remedy: "Open the device again. The kernel log may show why the driver reset it.",
  },
  VK_ERROR_OUT_OF_DEVICE_MEMORY: {
    code: "EW_OUT_OF_DEVICE_MEMORY",
    remedy: "Free device memory (other processes count too) or ask for less.",
  },
  VK_ERROR_OUT_OF_HOST_MEMORY: { code: "EW_OUT_OF_HOST_MEMORY", remedy: "Free host memory or ask for less." },
  VK_ERROR_INCOMPATIBLE_DRIVER: {
    code: "EW_NO_VULKAN",
    remedy: "Install a Vulkan driver (Debian and Ubuntu: libvulkan1 mesa-vulkan-drivers).",
  },
  VK_ERROR_FEATURE_NOT_PRESENT: { code: "EW_DRIVER_TOO_OLD", remedy: "Update the driver." },
  VK_ERROR_EXTENSION_NOT_PRESENT: { code: "EW_DRIVER_TOO_OLD", remedy: "Update the driver." },
};

const NAMES = new Map<number, keyof typeof VkResult>(
  (Object.keys(VkResult) as (keyof typeof VkResult)[]).map((name) => [VkResult[name], name]),
);

/** The name of a VkResult's constant. */
export function resultName(result: number): string {
  return NAMES.get(result) ?? `VkResult ${result}`;
}

/**
 * Returns success codes, and throws for failures. Success codes are VK_SUCCESS and all positive codes: VK_TIMEOUT,
 * VK_NOT_READY, VK_INCOMPLETE.
 *
 * @param call name of the Vulkan command, if useful with the object that it was called for
 * @throws EW_DEVICE_LOST, EW_OUT_OF_DEVICE_MEMORY, EW_OUT_OF_HOST_MEMORY, EW_NO_VULKAN, EW_DRIVER_TOO_OLD or EW_VULKAN
 */
export function checkResult(result: number, call: string): number {
  if (result < 0) throw resultError(result, call);
  return result;
}

const FAULT_RESULTS: Readonly<Record<DeviceFault, number>> = {
  "device-lost": VkResult.VK_ERROR_DEVICE_LOST,
  "out-of-memory": VkResult.VK_ERROR_OUT_OF_DEVICE_MEMORY,
  "out-of-host-memory": VkResult.VK_ERROR_OUT_OF_HOST_MEMORY,
};

/**
 * Lets tests inject failures in front of a Vulkan call: `injectedResult("submit") ?? commands.vkQueueSubmit(…)`.
 *
 * @returns the injected failure; undefined if the real call is to be made
 */
export function injectedResult(point: DeviceFaultPoint): number | undefined {
  const fault = deviceFaultAt(point);
  return fault === undefined ? undefined : FAULT_RESULTS[fault];
}

function resultError(result: number, call: string): EverwarpError {
  const name = NAMES.get(result);
  const meaning = name === undefined ? undefined : MEANINGS[name];
  return new EverwarpError(meaning?.code ?? "EW_VULKAN", `${call} failed: ${resultName(result)}`, {
    remedy: meaning?.remedy ?? "Run again with validation on to see what the driver objects to.",
  });
}
