/** What device tests share: a device to run on, and the validation layer's judgement of what was done on it. */

import { afterEach, expect } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { Device } from "../../src/vulkan/device/device.ts";
import type { DeviceOptions } from "../../src/vulkan/device/device-options.ts";
import { type DeviceInfo, listDevices } from "../../src/vulkan/instance/device-info.ts";
import {
  hasValidationLayer,
  onValidationMessage,
  type ValidationMessage,
} from "../../src/vulkan/instance/instance.ts";

const PACKAGES =
  "Device tests need a Vulkan driver, a software one will do. Debian and Ubuntu: " +
  "apt-get install libvulkan1 mesa-vulkan-drivers (and vulkan-validationlayers, for the checks of API use).";

/**
 * The device that tests run on: the one that EVERWARP_TEST_DEVICE names, else the best there is, software included.
 *
 * @throws naming the packages to install when there is none
 */
export function testDeviceInfo(): DeviceInfo {
  let devices: DeviceInfo[];
  try {
    devices = listDevices();
  } catch (cause) {
    if (cause instanceof EverwarpError) throw new Error(`${cause.message} ${PACKAGES}`, { cause });
    throw cause;
  }
  const named = process.env["EVERWARP_TEST_DEVICE"];
  const usable = devices
    .filter(({ missing, name }) => missing.length === 0 && (named === undefined || name.includes(named)))
    .toSorted((a, b) => Number(a.type === "cpu") - Number(b.type === "cpu"));
  if (usable[0] === undefined)
    throw new Error(`no usable Vulkan device${named ? ` called ${named}` : ""}. ${PACKAGES}`);
  return usable[0];
}

/** Whether the validation layer watches the tests of this file. */
export const isValidated = ((): boolean => {
  try {
    return hasValidationLayer();
  } catch {
    return false; // no loader: testDeviceInfo says so in better words
  }
})();

/** Opens the test device, under the validation layer where that is installed. The caller closes it. */
export function openTestDevice(options: Omit<DeviceOptions, "select"> = {}): Device {
  return Device.open({ select: testDeviceInfo().index, validation: isValidated, ...options });
}

/** A device of its own for a body, which may lose it. */
export async function withDevice<T>(body: (device: Device) => Promise<T>): Promise<T> {
  const device = openTestDevice();
  try {
    return await body(device);
  } finally {
    device.close();
  }
}

/**
 * Collects what the validation layer says, from now to the end of the file; every test fails that caused an error.
 * Call it once at the top of a test file.
 *
 * @returns the messages since the last test; a test that provokes one on purpose empties it
 */
export function watchValidation(): ValidationMessage[] {
  const messages: ValidationMessage[] = [];
  onValidationMessage((message) => messages.push(message));
  afterEach(() => {
    const said = messages.splice(0);
    expect(said.filter(({ severity }) => severity === "error")).toEqual([]);
  });
  return messages;
}
