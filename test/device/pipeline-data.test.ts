import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { injectFaults } from "../../src/base/faults.ts";
import { compile } from "../../src/programs/sources/compile.ts";
import type { Device } from "../../src/vulkan/device/device.ts";
import { physicalDevices } from "../../src/vulkan/instance/device-info.ts";
import { koffi } from "../../src/vulkan/native/ffi.ts";
import { VkResult } from "../../src/vulkan/generated/constants.ts";
import {
  VkComputePipelineCreateInfo,
  VkDeviceCreateInfo,
  VkDevicePipelineBinaryInternalCacheControlKHR,
  VkPhysicalDeviceFeatures2,
  VkPhysicalDeviceMaintenance5Features,
  VkPhysicalDevicePipelineBinaryFeaturesKHR,
  VkPipelineCacheCreateInfo,
} from "../../src/vulkan/generated/structs.ts";
import { acquireInstance } from "../../src/vulkan/instance/instance.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { chooseQueues, createDevice } from "../../src/vulkan/device/logical-device.ts";
import type { ComputePipeline } from "../../src/vulkan/pipeline/pipeline.ts";
import type { ComputePipelineOptions } from "../../src/vulkan/pipeline/pipeline-options.ts";
import type { PipelineData } from "../../src/vulkan/pipeline/pipeline-data.ts";
import { tellCacheHit } from "../support/caching-driver.ts";
import { readAt } from "../support/native-memory.ts";
import { openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

const SOURCE = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words { uint words[]; };
layout(local_size_x = 64) in;
layout(constant_id = 1) const uint FACTOR = 1u;
layout(push_constant, scalar) uniform Push { Words data; } push;
void main() { push.data.words[gl_GlobalInvocationID.x] = gl_GlobalInvocationID.x * FACTOR; }`;

const hasBinaries = testDeviceInfo().pipelineBinary !== undefined;
let device: Device;
let options: ComputePipelineOptions;

beforeAll(async () => {
  options = { spirv: await compile({ source: SOURCE }), pushConstantBytes: 8, specialization: { 1: 3 } };
  device = openTestDevice();
});
afterAll(() => device.close());

/** Runs the pipeline: whatever it was made from, it must do what its source says. */
function expectWorks(pipeline: ComputePipeline): void {
  using buffer = device.createBuffer({ role: "readback", sizeBytes: 256 });
  const push = new DataView(new ArrayBuffer(8));
  push.setBigUint64(0, buffer.address, true);
  device.run((recorder) => recorder.bind(pipeline).push(push).dispatch(1).barrier("compute", "host"));
  expect(new Uint32Array(buffer.host)).toEqual(Uint32Array.from({ length: 64 }, (_, index) => index * 3));
}

/** Cache data with this device's header. */
function ownCacheData(payload: string): PipelineData {
  const { vendorId, deviceId, pipelineCacheUuid } = device.info;
  const header = new DataView(new ArrayBuffer(16));
  [32, 1, vendorId, deviceId].forEach((word, index) => header.setUint32(index * 4, word, true));
  const parts = [Buffer.from(header.buffer), Buffer.from(pipelineCacheUuid, "hex"), Buffer.from(payload)];
  return { kind: "cache", bytes: [new Uint8Array(Buffer.concat(parts))] };
}

describe("this driver", () => {
  test("gives what it takes back, or nothing, and says which", () => {
    using first = device.createComputePipeline({ ...options, captureData: true });
    expect(first.origin).toBe("spirv");
    expect(first.dataRefusal).toBeUndefined();
    expectWorks(first);
    const data = first.extractData();
    expect(device.pipelineDataKind).toBe(data?.kind ?? "none");
    expect(first.extractData()).toBeUndefined(); // once only
    expect(device.pipelineDataKey).toMatch(/^([0-9a-f]{2})+$/);
    if (data === undefined) return;
    const before = { ...device.counters };
    using second = device.createComputePipeline({ ...options, pipelineData: data, captureData: true });
    expect(second.dataRefusal).toBeUndefined();
    expect(second.origin).toBe("data");
    expect(second.extractData()).toBeUndefined();
    expectWorks(second);
    expect(device.counters.pipelinesFromData).toBe(before.pipelinesFromData + 1);
    expect(device.counters.pipelinesFromSpirv).toBe(before.pipelinesFromSpirv);
  });

  test("is asked by an empty kernel where nothing was captured before", () => {
    using own = openTestDevice();
    const asked = own.pipelineDataKind;
    expect(own.counters.pipelinesFromSpirv).toBeGreaterThanOrEqual(1);
    expect(own.liveHandles.pipeline).toBe(0);
    expect(own.liveHandles.pipelineCache).toBe(0);
    const calls = own.counters.pipelinesFromSpirv;
    expect(own.pipelineDataKind).toBe(asked);
    expect(own.counters.pipelinesFromSpirv).toBe(calls);
    expect(asked).toBe(device.pipelineDataKind);
  });

  test("keeps nothing of a pipeline that is not captured", () => {
    using pipeline = device.createComputePipeline(options);
    expect(pipeline.extractData()).toBeUndefined();
    expect(pipeline.driverMs).toBeGreaterThan(0);
  });

  test("what was not extracted goes with the pipeline", () => {
    const pipeline = device.createComputePipeline({ ...options, captureData: true });
    pipeline[Symbol.dispose]();
    expect(device.liveHandles.pipelineCache).toBe(0);
    expect(() => pipeline.extractData()).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
  });

  test("may be opened without its own cache", () => {
    using own = openTestDevice({ driverCache: false });
    using pipeline = own.createComputePipeline({ ...options, captureData: true });
    expect(pipeline.origin).toBe("spirv");
  });
});

describe("data that is of no use", () => {
  const other = (offset: number): PipelineData => {
    const data = ownCacheData("payload");
    const [bytes] = data.bytes;
    if (bytes !== undefined) bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
    return data;
  };
  test.each<[string, () => PipelineData, RegExp]>([
    ["nothing", () => ({ kind: "none", bytes: [] }), /no data/],
    ["only a header", () => ownCacheData(""), /no more than a header/],
    ["another vendor's", () => other(8), /cache data of device/],
    ["another device's", () => other(12), /cache data of device/],
    ["another driver's", () => other(20), /cache data of driver/],
    [
      "binaries with a key too long",
      () => ({ kind: "binary", keys: [new Uint8Array(64)], bytes: [Uint8Array.of(1)] }),
      /a key of 64 bytes/,
    ],
  ])("%s is not shown to the driver, and the pipeline is made from SPIR-V", (_, data, refusal) => {
    const before = { ...device.counters };
    const shown = vi.spyOn(vulkan(), "vkCreatePipelineCache");
    using pipeline = device.createComputePipeline({ ...options, pipelineData: data() });
    expect(shown).not.toHaveBeenCalled();
    shown.mockRestore();
    expect(pipeline.origin).toBe("spirv");
    expect(pipeline.dataRefusal).toMatch(refusal);
    expectWorks(pipeline);
    expect(device.counters.pipelineDataRefused).toBe(before.pipelineDataRefused + 1);
    expect(device.counters.pipelinesFromSpirv).toBe(before.pipelinesFromSpirv + 1);
    expect(device.counters.pipelinesFromData).toBe(before.pipelinesFromData);
  });

  test.skipIf(hasBinaries)(
    "binaries for a driver that has none are refused (where the driver has none)",
    () => {
      using pipeline = device.createComputePipeline({
        ...options,
        pipelineData: { kind: "binary", keys: [Uint8Array.of(1)], bytes: [Uint8Array.of(1)] },
      });
      expect(pipeline.dataRefusal).toContain("takes no pipeline binaries");
      expectWorks(pipeline);
    },
  );
});

/**
 * A driver that does store, played on top of the real one, since software drivers store nothing: the cache remembers what it was given
 * and what was compiled with it, and feedback says whether it was of use.
 */
describe.skipIf(hasBinaries)(
  "a driver that fills caches (where it has binaries, caches are never filled)",
  () => {
    const PAYLOAD = "compiled code";
    const real = { ...vulkan() };
    const caches = new Map<bigint, string>();
    let saysNothing = false;
    let failsWithData: number | undefined;

    beforeEach(() => {
      caches.clear();
      saysNothing = false;
      failsWithData = undefined;
      vi.spyOn(vulkan(), "vkCreatePipelineCache").mockImplementation((handle, info, allocator, out) => {
        const { initialDataSize, pInitialData } = readAt(info as bigint, VkPipelineCacheCreateInfo);
        const given =
          initialDataSize === 0n
            ? ""
            : Buffer.from(koffi().view(pInitialData, Number(initialDataSize)))
                .toString()
                .slice(32);
        const result = real.vkCreatePipelineCache(handle, info, allocator, out);
        const made = new DataView(koffi().view(out as bigint, 8)).getBigUint64(0, true);
        // As NVIDIA does: what it cannot read it ignores.
        caches.set(made, given === PAYLOAD ? given : "");
        return result;
      });
      vi.spyOn(vulkan(), "vkGetPipelineCacheData").mockImplementation((_device, handle, size, out) => {
        const bytes = ownCacheData(caches.get(handle) ?? "").bytes[0] ?? new Uint8Array();
        const sizeView = new DataView(koffi().view(size as bigint, 8));
        if (out !== null) new Uint8Array(koffi().view(out as bigint, bytes.length)).set(bytes);
        sizeView.setBigUint64(0, BigInt(bytes.length), true);
        return VkResult.VK_SUCCESS;
      });
      vi.spyOn(vulkan(), "vkCreateComputePipelines").mockImplementation(
        (handle, cache, count, infos, allocator, out) => {
          const hit = caches.get(cache) === PAYLOAD;
          if (cache !== 0n && caches.get(cache) === "") caches.set(cache, PAYLOAD);
          const { pNext } = readAt(infos as bigint, VkComputePipelineCreateInfo);
          if (pNext !== 0n && failsWithData !== undefined) return failsWithData;
          const result = real.vkCreateComputePipelines(handle, cache, count, infos, allocator, out);
          if (pNext !== 0n) tellCacheHit(pNext, saysNothing ? undefined : hit);
          return result;
        },
      );
      return () => vi.restoreAllMocks();
    });

    function captured(): PipelineData {
      using pipeline = device.createComputePipeline({ ...options, captureData: true });
      const data = pipeline.extractData();
      if (data === undefined) throw new Error("nothing was captured");
      return data;
    }
    test("gives its data, and takes it back", () => {
      const data = captured();
      expect(
        Buffer.from(data.bytes[0] ?? [])
          .toString()
          .slice(32),
      ).toBe(PAYLOAD);
      expect(device.pipelineDataKind).toBe("cache");
      for (const quiet of [false, true]) {
        saysNothing = quiet;
        using pipeline = device.createComputePipeline({ ...options, pipelineData: data });
        expect([pipeline.origin, pipeline.dataRefusal]).toEqual(["data", undefined]);
        expectWorks(pipeline);
      }
      expect(device.liveHandles.pipelineCache).toBe(0);
    });

    test("and does not know the data: it says so, and what it compiled instead can be kept", () => {
      for (const quiet of [false, true]) {
        saysNothing = quiet;
        const before = { ...device.counters };
        using pipeline = device.createComputePipeline({
          ...options,
          pipelineData: ownCacheData("x"),
          captureData: true,
        });
        expect(pipeline.origin).toBe("spirv");
        expect(pipeline.dataRefusal).toContain("in spite of its cache data");
        expect(device.counters.pipelineDataRefused).toBe(before.pipelineDataRefused + 1);
        expectWorks(pipeline);
        using again = device.createComputePipeline({ ...options, pipelineData: pipeline.extractData() });
        expect(again.origin).toBe("data");
      }
      expect(device.liveHandles.pipelineCache).toBe(0);
    });

    test("and fails on the data: the pipeline is made from SPIR-V", () => {
      const data = captured();
      for (const result of [
        VkResult.VK_ERROR_OUT_OF_HOST_MEMORY,
        VkResult.VK_ERROR_INITIALIZATION_FAILED,
        VkResult.VK_PIPELINE_COMPILE_REQUIRED,
      ]) {
        failsWithData = result;
        using pipeline = device.createComputePipeline({ ...options, pipelineData: data });
        expect(pipeline.origin).toBe("spirv");
        expect(pipeline.dataRefusal).toMatch(/with cache data: VK_/);
        expectWorks(pipeline);
      }
      expect(device.liveHandles.pipelineCache).toBe(0);
    });
  },
);

describe("a device with pipeline binaries", () => {
  /** What vkCreateDevice is called with for a device that has them, as the types of the chained structs and the extensions. */
  function opened(options: Parameters<typeof createDevice>[2], internalCacheControl = true) {
    const instance = acquireInstance(false);
    const physical = physicalDevices(instance.handle)[device.info.index];
    if (physical === undefined) throw new Error("the test device is gone");
    const pipelineBinary = { internalCache: true, internalCacheControl, prefersInternalCache: false };
    const chain: number[] = [];
    let extensions: string[] = [];
    const create = vi.spyOn(vulkan(), "vkCreateDevice").mockImplementation((_handle, address) => {
      const info = readAt(address as bigint, VkDeviceCreateInfo);
      for (let next = info.pNext; next !== 0n;) {
        const struct = new DataView(koffi().view(next, 24));
        chain.push(struct.getUint32(0, true));
        const isSwitch =
          chain.at(-1) !== VkPhysicalDeviceFeatures2.structureType && struct.getBigUint64(8, true) === 0n;
        // The last one is one of ours: its only member is switched on.
        if (isSwitch && options?.passesBinaries !== false) expect(struct.getUint32(16, true)).toBe(1);
        next = struct.getBigUint64(8, true);
      }
      const names = new BigUint64Array(
        koffi().view(info.ppEnabledExtensionNames, 8 * info.enabledExtensionCount),
      );
      extensions = Array.from(names, (name) => koffi().decode.string(name));
      return VkResult.VK_ERROR_FEATURE_NOT_PRESENT;
    });
    const info = { ...physical.info, pipelineBinary };
    expect(() => createDevice({ ...physical, info }, chooseQueues(info), options)).toThrow("vkCreateDevice");
    create.mockRestore();
    instance.release();
    return { chain, extensions };
  }
  const switches = [
    VkPhysicalDeviceMaintenance5Features.structureType,
    VkPhysicalDevicePipelineBinaryFeaturesKHR.structureType,
  ];
  const control = VkDevicePipelineBinaryInternalCacheControlKHR.structureType;

  test("is opened with them, and with what they need", () => {
    const { chain, extensions } = opened({});
    expect(chain.slice(-2)).toEqual(switches);
    expect(extensions).toEqual(expect.arrayContaining(["VK_KHR_maintenance5", "VK_KHR_pipeline_binary"]));
    expect(new Set(extensions).size).toBe(extensions.length);
  });

  test("is opened without its own cache where it lets that be switched off", () => {
    expect(opened({ driverCache: false }).chain.slice(-3)).toEqual([...switches, control]);
    expect(opened({ driverCache: false }, false).chain).not.toContain(control);
    expect(opened({ driverCache: true }).chain).not.toContain(control);
  });

  test("is opened without them behind a layer that does not know them", () => {
    const { chain, extensions } = opened({ passesBinaries: false });
    expect(chain).not.toContain(switches[0]);
    expect(chain).not.toContain(switches[1]);
    expect(extensions).not.toContain("VK_KHR_pipeline_binary");
  });
});

test("a device that is lost while data is tried is not tried again", () => {
  const own = openTestDevice();
  using _ = injectFaults("device-lost@create-pipeline");
  const made = vi.spyOn(vulkan(), "vkCreateComputePipelines");
  expect(() => own.createComputePipeline({ ...options, pipelineData: ownCacheData("payload") })).toThrow(
    EverwarpError,
  );
  expect(made).not.toHaveBeenCalled();
  made.mockRestore();
  expect(own.isLost).toBe(true);
  own.close();
});
