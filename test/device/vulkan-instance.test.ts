/** The life of the Vulkan instance. Nothing else is open in this file's process. */

import { afterEach, describe, expect, test, vi } from "vitest";
import { Device } from "../../src/vulkan/device/device.ts";
import { listDevices } from "../../src/vulkan/instance/device-info.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { isValidated, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();
const { index: select } = testDeviceInfo();

afterEach(() => {
  vi.restoreAllMocks();
});

function watchInstances(): { created(): number; destroyed(): number } {
  const create = vi.spyOn(vulkan(), "vkCreateInstance");
  const destroy = vi.spyOn(vulkan(), "vkDestroyInstance");
  return { created: () => create.mock.calls.length, destroyed: () => destroy.mock.calls.length };
}

test("without validation there is one, made once and kept", () => {
  const first = listDevices();
  const instances = watchInstances();
  for (let i = 0; i < 3; i++) {
    expect(listDevices()).toEqual(first);
    Device.open({ select }).close();
  }
  expect([instances.created(), instances.destroyed()]).toEqual([0, 0]);
});

describe.runIf(isValidated)("with validation (where the layer is installed)", () => {
  test("it goes with the last device", () => {
    const instances = watchInstances();
    const one = Device.open({ select, validation: true });
    const two = Device.open({ select, validation: true });
    expect([instances.created(), instances.destroyed()]).toEqual([1, 0]);
    one.close();
    expect(instances.destroyed()).toBe(0);
    two.close();
    expect(instances.destroyed()).toBe(1);
  });

  test("a device that cannot be made lets go of it", () => {
    const instances = watchInstances();
    vi.spyOn(vulkan(), "vkCreateDevice").mockReturnValue(-3);
    expect(() => Device.open({ select, validation: true })).toThrow(/vkCreateDevice|may not open/);
    expect([instances.created(), instances.destroyed()]).toEqual([1, 1]);
  });

  test("so does a choice that finds nothing, or a memory type that does not serve", () => {
    const instances = watchInstances();
    expect(() => Device.open({ select: 99, validation: true })).toThrow();
    expect(() => Device.open({ select, validation: true, memoryTypes: { staging: 31 } })).toThrow(
      "memory type 31",
    );
    expect([instances.created(), instances.destroyed()]).toEqual([2, 2]);
  });
});
