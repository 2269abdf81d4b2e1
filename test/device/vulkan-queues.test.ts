/**
 * A device of several queue families, played on whatever device there is: the driver is told of one queue only, and the
 * host side believes in the families of an NVIDIA card.
 */

import { afterEach, expect, test, vi } from "vitest";
import { Device } from "../../src/vulkan/device/device.ts";
import { koffi } from "../../src/vulkan/native/ffi.ts";
import {
  VkBufferCreateInfo,
  VkCommandPoolCreateInfo,
  VkDeviceCreateInfo,
  VkDeviceQueueCreateInfo,
  VkQueueFamilyProperties2,
} from "../../src/vulkan/generated/structs.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { readStruct, writeStruct } from "../../src/vulkan/native/native-layout.ts";
import { readAt, viewAt } from "../support/native-memory.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const GRAPHICS = 1;
const COMPUTE = 2;
const TRANSFER = 4;
const FAMILIES = [
  { queueFlags: GRAPHICS | COMPUTE | TRANSFER, queueCount: 5, timestampValidBits: 64 },
  { queueFlags: TRANSFER, queueCount: 2, timestampValidBits: 64 },
  { queueFlags: COMPUTE | TRANSFER, queueCount: 6, timestampValidBits: 64 },
];

afterEach(() => {
  vi.restoreAllMocks();
});

test("each family gives its queue, buffers are shared among all, and closing drains all", () => {
  const real = { ...vulkan() };
  const { index: select } = testDeviceInfo();
  vi.spyOn(vulkan(), "vkGetPhysicalDeviceQueueFamilyProperties2").mockImplementation(
    (_device, count, list) => {
      viewAt(count, 4).setUint32(0, FAMILIES.length, true);
      if (list === null) return;
      const view = viewAt(list, FAMILIES.length * VkQueueFamilyProperties2.sizeBytes);
      FAMILIES.forEach((queueFamilyProperties, index) => {
        writeStruct(view, index * VkQueueFamilyProperties2.sizeBytes, VkQueueFamilyProperties2, {
          queueFamilyProperties,
        });
      });
    },
  );
  const asked: [family: number, count: number][] = [];
  vi.spyOn(vulkan(), "vkCreateDevice").mockImplementation((device, info, allocator, out) => {
    const { pQueueCreateInfos, queueCreateInfoCount } = readAt(info, VkDeviceCreateInfo);
    const list = viewAt(pQueueCreateInfos, queueCreateInfoCount * VkDeviceQueueCreateInfo.sizeBytes);
    for (let i = 0; i < queueCreateInfoCount; i++) {
      const queue = readStruct(list, i * VkDeviceQueueCreateInfo.sizeBytes, VkDeviceQueueCreateInfo);
      asked.push([queue.queueFamilyIndex, queue.queueCount]);
    }
    // What the driver has: one family, one queue.
    writeStruct(list, 0, VkDeviceQueueCreateInfo, { queueFamilyIndex: 0, queueCount: 1 });
    writeStruct(viewAt(info, VkDeviceCreateInfo.sizeBytes), 0, VkDeviceCreateInfo, {
      queueCreateInfoCount: 1,
    });
    return real.vkCreateDevice(device, info, allocator, out);
  });
  const taken: [family: number, index: number][] = [];
  vi.spyOn(vulkan(), "vkGetDeviceQueue").mockImplementation((device, family, index, out) => {
    taken.push([family, index]);
    real.vkGetDeviceQueue(device, 0, 0, out);
  });
  vi.spyOn(vulkan(), "vkCreateCommandPool").mockImplementation((device, info, allocator, out) => {
    writeStruct(viewAt(info, VkCommandPoolCreateInfo.sizeBytes), 0, VkCommandPoolCreateInfo, {
      queueFamilyIndex: 0,
    });
    return real.vkCreateCommandPool(device, info, allocator, out);
  });
  const shared: number[][] = [];
  vi.spyOn(vulkan(), "vkCreateBuffer").mockImplementation((device, info, allocator, out) => {
    const { pQueueFamilyIndices, queueFamilyIndexCount, sharingMode } = readAt(info, VkBufferCreateInfo);
    expect(sharingMode).toBe(1); // concurrent
    shared.push([...new Uint32Array(koffi().view(pQueueFamilyIndices, queueFamilyIndexCount * 4))]);
    writeStruct(viewAt(info, VkBufferCreateInfo.sizeBytes), 0, VkBufferCreateInfo, {
      sharingMode: 0,
      queueFamilyIndexCount: 0,
    });
    return real.vkCreateBuffer(device, info, allocator, out);
  });
  const submits = vi.spyOn(vulkan(), "vkQueueSubmit");

  const device = Device.open({ select });
  const { queue, transferQueue } = device;
  expect([queue, transferQueue].map((each) => each.familyIndex)).toEqual([2, 1]);
  expect([queue, transferQueue].map((each) => each.hasCompute)).toEqual([true, false]);
  expect(asked).toEqual([
    [2, 6],
    [1, 1],
  ]);
  expect(taken).toEqual([
    [2, 0],
    [1, 0],
  ]);

  const leases = Array.from({ length: 5 }, () => device.leaseComputeQueue());
  expect(leases.map((lease) => lease?.queue.familyIndex)).toEqual([2, 2, 2, 2, 2]);
  expect(device.leaseComputeQueue()).toBeUndefined();
  expect(taken.slice(2)).toEqual([
    [2, 1],
    [2, 2],
    [2, 3],
    [2, 4],
    [2, 5],
  ]);
  leases[1]?.release();
  leases[1]?.release();
  expect(device.leaseComputeQueue()?.queue).toBe(leases[1]?.queue);
  expect(device.leaseComputeQueue()).toBeUndefined(); // released twice is released once

  const source = device.createBuffer({ role: "staging", sizeBytes: 64 });
  const target = device.createBuffer({ role: "readback", sizeBytes: 64 });
  expect(shared).toEqual([
    [2, 1],
    [2, 1],
  ]);
  new Uint8Array(source.host).fill(9);
  device.run((recorder) => recorder.barrier("host", "all").copy(source, target).barrier("all", "host"), {
    queue: transferQueue,
  });
  expect(new Uint8Array(target.host)).toEqual(new Uint8Array(64).fill(9));
  const commands = device.record((recorder) => recorder.fill(target, 0, 64, 0), { queue: transferQueue });
  expect(() => device.queue.submit(commands)).toThrow("not made for");

  submits.mockClear();
  device.close();
  expect(submits).toHaveBeenCalledTimes(7); // a fence on each queue
});
