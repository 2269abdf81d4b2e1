import { expect, test } from "vitest";
import { checkResult, resultName } from "./check-result.ts";

test.each([
  [-4, "EW_DEVICE_LOST", "VK_ERROR_DEVICE_LOST"],
  [-2, "EW_OUT_OF_DEVICE_MEMORY", "VK_ERROR_OUT_OF_DEVICE_MEMORY"],
  [-1, "EW_OUT_OF_HOST_MEMORY", "VK_ERROR_OUT_OF_HOST_MEMORY"],
  [-9, "EW_NO_VULKAN", "VK_ERROR_INCOMPATIBLE_DRIVER"],
  [-8, "EW_DRIVER_TOO_OLD", "VK_ERROR_FEATURE_NOT_PRESENT"],
  [-3, "EW_VULKAN", "VK_ERROR_INITIALIZATION_FAILED"],
  [-1000161000, "EW_VULKAN", "VK_ERROR_FRAGMENTATION"],
  [-123456, "EW_VULKAN", "VkResult -123456"],
])("%i becomes %s", (result, code, name) => {
  expect(() => checkResult(result, "vkSomething")).toThrow(expect.objectContaining({ code }));
  expect(() => checkResult(result, "vkSomething")).toThrow(`vkSomething failed: ${name}`);
});

test.each([0, 1, 2, 5])("the success code %i passes through", (result) => {
  expect(checkResult(result, "vkSomething")).toBe(result);
  expect(resultName(result)).toMatch(/^VK_/);
});
