/** The device's clock inside kernels: switched on where the device has it, and never asked for where it has not. */

import { afterEach, expect, test, vi } from "vitest";
import { compile } from "../../src/programs/sources/compile.ts";
import { koffi } from "../../src/vulkan/native/ffi.ts";
import { SHADER_CLOCK } from "../../src/vulkan/instance/features.ts";
import {
  VkDeviceCreateInfo,
  VkExtensionProperties,
  VkPhysicalDeviceFeatures2,
} from "../../src/vulkan/generated/structs.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import {
  type Layout,
  readStruct,
  type RecordOf,
  writeStruct,
} from "../../src/vulkan/native/native-layout.ts";
import { openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();
afterEach(() => {
  vi.restoreAllMocks();
});

const CLOCK_TYPE = 1_000_181_000; // VkStructureType of the feature struct

const viewAt = (address: unknown, sizeBytes: number): DataView =>
  new DataView(koffi().view(address, sizeBytes));
const readAt = <L extends Layout>(address: unknown, of: L): RecordOf<L> =>
  readStruct(viewAt(address, of.sizeBytes), 0, of);

/** What vkCreateDevice is given: the types of its chain, and the extensions. */
function watchCreateDevice(): { chain: number[]; extensions: string[] } {
  const seen = { chain: [] as number[], extensions: [] as string[] };
  const real = { ...vulkan() };
  vi.spyOn(vulkan(), "vkCreateDevice").mockImplementation((physical, info, allocator, out) => {
    const create = readAt(info, VkDeviceCreateInfo);
    for (let address = create.pNext; address !== 0n;) {
      const link = viewAt(address, 16);
      seen.chain.push(link.getUint32(0, true));
      address = link.getBigUint64(8, true);
    }
    for (let index = 0; index < create.enabledExtensionCount; index++) {
      const name = viewAt(create.ppEnabledExtensionNames + BigInt(index * 8), 8).getBigUint64(0, true);
      seen.extensions.push(koffi().decode.string(name));
    }
    return real.vkCreateDevice(physical, info, allocator, out);
  });
  return seen;
}

test("the clock is asked for exactly where the device has the extension", () => {
  const seen = watchCreateDevice();
  using device = openTestDevice();
  const isThere = device.info.extensions.includes(SHADER_CLOCK);
  expect(seen.chain.includes(CLOCK_TYPE)).toBe(isThere);
  expect(seen.extensions.includes(SHADER_CLOCK)).toBe(isThere);
  expect(isThere || !device.info.features.includes("shaderDeviceClock")).toBe(true);
});

test("a device without the extension is neither asked about the clock nor for it", () => {
  const real = { ...vulkan() };
  vi.spyOn(vulkan(), "vkEnumerateDeviceExtensionProperties").mockImplementation(
    (device, layer, count, list) => {
      const result = real.vkEnumerateDeviceExtensionProperties(device, layer, count, list);
      if (list === null) return result;
      const size = VkExtensionProperties.sizeBytes;
      const view = viewAt(list, viewAt(count, 4).getUint32(0, true) * size);
      for (let offset = 0; offset < view.byteLength; offset += size) {
        if (readStruct(view, offset, VkExtensionProperties).extensionName !== SHADER_CLOCK) continue;
        writeStruct(view, offset, VkExtensionProperties, { extensionName: "VK_EXT_taken_away" });
      }
      return result;
    },
  );
  const asked: number[] = [];
  vi.spyOn(vulkan(), "vkGetPhysicalDeviceFeatures2").mockImplementation((device, features) => {
    for (let { pNext } = readAt(features, VkPhysicalDeviceFeatures2); pNext !== 0n;) {
      const link = viewAt(pNext, 16);
      asked.push(link.getUint32(0, true));
      pNext = link.getBigUint64(8, true);
    }
    real.vkGetPhysicalDeviceFeatures2(device, features);
  });
  const seen = watchCreateDevice();
  using device = openTestDevice();
  expect(device.info.features).not.toContain("shaderDeviceClock");
  expect(asked.length).toBeGreaterThan(0);
  expect([...asked, ...seen.chain]).not.toContain(CLOCK_TYPE);
  expect(seen.extensions).not.toContain(SHADER_CLOCK);
});

const CLOCK_KERNEL = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_realtime_clock : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 1) in;
layout(buffer_reference, std430, buffer_reference_align = 8) buffer Times { uint64_t value[]; };
layout(push_constant) uniform Block { Times times; };
void main() {
  times.value[0] = clockRealtimeEXT();
  for (uint round = 0u; round < 1000u; round++) times.value[2] += round;
  times.value[1] = clockRealtimeEXT();
}
`;

test.skipIf(!testDeviceInfo().features.includes("shaderDeviceClock"))(
  "a kernel sees the clock go on, within a dispatch and between two (where the device has a clock)",
  async () => {
    using device = openTestDevice();
    using pipeline = device.createComputePipeline({
      spirv: await compile({ source: CLOCK_KERNEL, name: "clock" }),
      pushConstantBytes: 8,
    });
    using memory = device.createBuffer({ role: "readback", sizeBytes: 24 });
    const times = new BigUint64Array(memory.host);
    const run = (): bigint[] => {
      device.run((recorder) =>
        recorder
          .bind(pipeline)
          .push(new BigUint64Array([memory.address]))
          .dispatch(1)
          .barrier("compute", "host"),
      );
      return [...times.subarray(0, 2)];
    };
    // Low words alone, modulo 2³²: Mesa's software driver extends their sign into the high ones.
    const after = (later: bigint, earlier: bigint): bigint => BigInt.asUintN(32, later - earlier);
    const [first = 0n, second = 0n] = run();
    const [third = 0n, fourth = 0n] = run();
    expect(after(second, first)).toBeGreaterThan(0n);
    expect(after(third, second)).toBeLessThan(1n << 31n); // not before it
    expect(after(fourth, third)).toBeGreaterThan(0n);
  },
);
