import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { compile } from "../../src/programs/sources/compile.ts";
import type { DeviceBuffer } from "../../src/vulkan/memory/buffer.ts";
import { Device } from "../../src/vulkan/device/device.ts";
import { listDevices } from "../../src/vulkan/instance/device-info.ts";
import { koffi } from "../../src/vulkan/native/ffi.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { MEMORY_ROLES } from "../../src/vulkan/instance/memory-roles.ts";
import type { ComputePipeline } from "../../src/vulkan/pipeline/pipeline.ts";
import { isValidated, openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

const messages = watchValidation();

const HEADER = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words { uint words[]; };
`;
/** words[i] = i * factor + addend, for `count` words. */
const AFFINE = `${HEADER}
layout(local_size_x = 64, local_size_x_id = 0) in;
layout(constant_id = 1) const uint FACTOR = 1u;
layout(push_constant, scalar) uniform Push { Words data; uint addend; uint count; } push;
void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < push.count) push.data.words[i] = i * FACTOR + push.addend;
}`;

let device: Device;
let affine: Uint32Array;
let pipeline: ComputePipeline;

beforeAll(async () => {
  affine = await compile({ source: AFFINE });
  device = openTestDevice();
  pipeline = device.createComputePipeline({ spirv: affine, pushConstantBytes: 16, label: "affine" });
});
afterAll(() => device.close());

function push(buffer: DeviceBuffer, addend: number, count: number): DataView {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, buffer.address, true);
  view.setUint32(8, addend, true);
  view.setUint32(12, count, true);
  return view;
}
const wordsOf = (buffer: DeviceBuffer): Uint32Array => new Uint32Array(buffer.host);
const affineWords = (count: number, factor: number, addend: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, index) => index * factor + addend);

describe("the list of devices", () => {
  test("describes each one", () => {
    const info = listDevices()[device.info.index];
    expect(info).toEqual(device.info);
    expect(info?.name).not.toBe("");
    expect(info?.deviceUuid).toMatch(/^[0-9a-f]{32}$/);
    expect(info?.apiVersion).toMatch(/^1\.[2-9]\.\d+$/);
    expect(info?.missing).toEqual([]);
    expect(info?.memoryTypes.length).toBeGreaterThan(0);
    expect(info?.memoryTypes.every(({ heapIndex }) => heapIndex < (info?.memoryHeaps.length ?? 0))).toBe(
      true,
    );
    expect(info?.queueFamilies.some(({ compute }) => compute)).toBe(true);
    expect(info?.subgroupOperations).toContain("basic");
    expect(info?.limits.maxPushConstantsBytes).toBeGreaterThanOrEqual(128); // the least that Vulkan promises
    expect(info?.limits.maxAllocationBytes).toBeGreaterThanOrEqual(2 ** 30);
  });

  test("is made from one instance, however often it is asked for", () => {
    const created = vi.spyOn(vulkan(), "vkCreateInstance");
    const first = listDevices();
    for (let i = 0; i < 5; i++) expect(listDevices()).toEqual(first);
    expect(created.mock.calls.length).toBeLessThanOrEqual(1);
    created.mockRestore();
  });
});

describe("choosing", () => {
  const codeOf = (open: () => Device): string => {
    try {
      open().close();
      return "opened";
    } catch (error) {
      return error instanceof EverwarpError ? error.code : String(error);
    }
  };

  test("by name, in any case, and by index", () => {
    const { name, index } = testDeviceInfo();
    for (const select of [name.toUpperCase(), index]) {
      const again = Device.open({ select });
      expect(again.info.name).toBe(name);
      again.close();
    }
  });

  test("what does not exist is an error that lists what does", () => {
    expect(codeOf(() => Device.open({ select: 99 }))).toMatch(/EW_NO_DEVICE|EW_DEVICE_FORBIDDEN/);
    expect(() => Device.open({ select: "no such device" })).toThrow(EverwarpError);
  });

  test("a software device is taken on request only", () => {
    const onlySoftware = listDevices().every(({ type }) => type === "cpu");
    if (onlySoftware)
      expect(codeOf(() => Device.open({ select: "gpu" }))).toMatch(/EW_NO_DEVICE|EW_DEVICE_FORBIDDEN/);
    expect(codeOf(() => Device.open({ select: "gpu", allowSoftware: true }))).toBe("opened");
  });
});

describe("buffers", () => {
  test.each(MEMORY_ROLES)("%s memory", (role) => {
    using buffer = device.createBuffer({ role, sizeBytes: 4096, label: `test ${role}` });
    expect(buffer.address).toBeGreaterThan(0n);
    expect(buffer.mapped?.byteLength).toBe(role === "device" ? undefined : 4096);
    if (role === "device") expect(() => buffer.host).toThrow("staging");
    using result = device.createBuffer({ role: "readback", sizeBytes: 4096 });
    device.run((recorder) =>
      recorder
        .bind(pipeline)
        .push(push(buffer, 5, 1024))
        .dispatch(16)
        .barrier("compute", "transfer")
        .copy(buffer, result)
        .barrier("transfer", "host"),
    );
    expect(wordsOf(result)).toEqual(affineWords(1024, 1, 5));
  });

  test("what the host writes into upload and staging memory reaches the device", () => {
    for (const role of ["upload", "staging"] as const) {
      using source = device.createBuffer({ role, sizeBytes: 256 });
      using target = device.createBuffer({ role: "readback", sizeBytes: 256 });
      wordsOf(source).set(affineWords(64, 3, 11));
      device.run((recorder) =>
        recorder.barrier("host", "all").copy(source, target).barrier("transfer", "host"),
      );
      expect(wordsOf(target)).toEqual(affineWords(64, 3, 11));
    }
  });

  test("another view of the same memory sees it", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 64 });
    wordsOf(buffer)[3] = 42;
    expect(new Uint32Array(koffi().view(buffer.hostAddress ?? 0n, 64))[3]).toBe(42);
  });

  test("regions, fills and their borders", () => {
    using source = device.createBuffer({ role: "staging", sizeBytes: 64 });
    using target = device.createBuffer({ role: "readback", sizeBytes: 64 });
    wordsOf(source).set(affineWords(16, 1, 100));
    device.run((recorder) => {
      recorder.barrier("host", "transfer").fill(target, 0, 64, 0xdead_beef).barrier("transfer", "transfer");
      recorder.copy(source, target, [
        { sourceOffset: 0, targetOffset: 60, sizeBytes: 4 },
        { sourceOffset: 56, sizeBytes: 8 },
      ]);
      recorder.barrier("transfer", "host");
    });
    const expected = new Uint32Array(16).fill(0xdead_beef);
    expected.set([114, 115]);
    expected[15] = 100;
    expect(wordsOf(target)).toEqual(expected);
    const beyond = (): void =>
      device.run((recorder) => recorder.copy(source, target, [{ targetOffset: 60, sizeBytes: 8 }]));
    expect(beyond).toThrow("60..68");
    expect(() => device.run((recorder) => recorder.fill(target, 64, 4, 0))).toThrow(EverwarpError);
    expect(() => device.run((recorder) => recorder.fill(target, 2, 4, 0))).toThrow("multiples of 4");
  });

  test.each([0, -1, 1.5, Number.NaN])("a size of %s is refused", (sizeBytes) => {
    expect(() => device.createBuffer({ role: "device", sizeBytes })).toThrow(
      expect.objectContaining({ code: "EW_BAD_ARGUMENT" }),
    );
  });

  test("more than a single allocation can be is refused with the limit", () => {
    const { maxAllocationBytes } = device.limits;
    const sizeBytes = Math.min(maxAllocationBytes * 2, 2 ** 52);
    const ask = (): DeviceBuffer => device.createBuffer({ role: "device", sizeBytes, label: "huge" });
    expect(ask).toThrow(expect.objectContaining({ code: "EW_OUT_OF_DEVICE_MEMORY" }));
    expect(ask).toThrow(/"huge" of \d+ bytes/);
    expect(device.liveHandles.buffer).toBe(0);
  });

  test("an override of a role's memory type holds, and a wrong one is refused", () => {
    const type = device.info.memoryTypes.findIndex(
      ({ hostVisible, hostCoherent }) => hostVisible && hostCoherent,
    );
    using other = openTestDevice({ memoryTypes: { readback: type } });
    expect(other.memoryTypes.readback).toBe(type);
    expect(() => openTestDevice({ memoryTypes: { readback: 31 } })).toThrow("memory type 31");
    const { staging } = other.memoryTypes;
    other.setMemoryTypes({ upload: type });
    expect(other.memoryTypes).toMatchObject({ upload: type, readback: type, staging });
    expect(() => other.setMemoryTypes({ upload: 31 })).toThrow("memory type 31");
    other.createBuffer({ role: "upload", sizeBytes: 64 })[Symbol.dispose]();
  });
});

describe("pipelines", () => {
  test("specialization constants, the workgroup size among them", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 4 * 96 });
    using special = device.createComputePipeline({
      spirv: affine,
      pushConstantBytes: 16,
      specialization: { 0: 32, 1: 7 },
    });
    device.run((recorder) =>
      recorder
        .bind(special)
        .push(push(buffer, 1, 96))
        .dispatch(3)
        .barrier("compute", "host"),
    );
    expect(wordsOf(buffer)).toEqual(affineWords(96, 7, 1));
  });

  test("a pipeline cache gives its bytes and takes them back", () => {
    using cache = device.createPipelineCache();
    device
      .createComputePipeline({ spirv: affine, pushConstantBytes: 16, pipelineCache: cache })
      [Symbol.dispose]();
    const data = cache.data();
    expect(data.length).toBeGreaterThanOrEqual(32); // the header that every driver writes
    using again = device.createPipelineCache(data);
    device
      .createComputePipeline({ spirv: affine, pushConstantBytes: 16, pipelineCache: again })
      [Symbol.dispose]();
  });

  test.each([2, -4, 1 << 20])("%s bytes of push constants are refused", (pushConstantBytes) => {
    expect(() => device.createComputePipeline({ spirv: affine, pushConstantBytes })).toThrow(
      /push constants|pushConstantBytes/,
    );
  });
});

describe("command buffers", () => {
  test("one recording runs as often as it is submitted", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 256 });
    using commands = device.record((recorder) =>
      recorder
        .bind(pipeline)
        .push(push(buffer, 9, 64))
        .dispatch(1)
        .barrier("compute", "host"),
    );
    using fence = device.createFence();
    const before = { ...device.counters };
    for (let i = 0; i < 5; i++) {
      wordsOf(buffer).fill(0);
      device.queue.submit(commands, fence);
      expect(fence.wait({ timeoutMs: patientMs(10_000) })).toBe(true);
      expect(fence.signaled()).toBe(true);
      fence.reset();
      expect(fence.signaled()).toBe(false);
      expect(wordsOf(buffer)[63]).toBe(72);
    }
    expect(device.counters.submits - before.submits).toBe(5);
    expect(device.counters.dispatchesRecorded - before.dispatchesRecorded).toBe(0);
    expect(device.counters.dispatchesSubmitted - before.dispatchesSubmitted).toBe(5);
    expect(device.counters.blockingWaits - before.blockingWaits).toBe(5);
    expect(device.counters.fencePolls - before.fencePolls).toBe(10);
  });

  test("recording anew replaces what was there", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 256 });
    using commands = device.createCommandBuffer();
    using fence = device.createFence();
    for (const addend of [1, 2]) {
      commands.record((recorder) =>
        recorder
          .bind(pipeline)
          .push(push(buffer, addend, 64))
          .dispatch(1)
          .barrier("compute", "host"),
      );
      device.queue.submit(commands, fence);
      fence.wait({ timeoutMs: patientMs(10_000) });
      fence.reset();
      expect(wordsOf(buffer)[0]).toBe(addend);
    }
  });

  test("a dispatch takes its size from memory", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 4 * 256 });
    using size = device.createBuffer({ role: "staging", sizeBytes: 16 });
    wordsOf(size).set([0, 2, 1, 1]);
    device.run((recorder) =>
      recorder
        .fill(buffer, 0, 4 * 256, 0)
        .barrier("all", "all")
        .bind(pipeline)
        .push(push(buffer, 1, 256))
        .dispatchIndirect(size, 4)
        .barrier("compute", "host"),
    );
    const expected = new Uint32Array(256);
    expected.set(affineWords(128, 1, 1));
    expect(wordsOf(buffer)).toEqual(expected);
    expect(() => device.run((recorder) => recorder.bind(pipeline).dispatchIndirect(size, 8))).toThrow(
      "8..20",
    );
  });

  test("misuse is refused before it reaches the driver", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 64 });
    expect(() => device.run((recorder) => recorder.dispatch(1))).toThrow("without a pipeline");
    expect(() => device.run((recorder) => recorder.bind(pipeline).push(new Uint8Array(17)))).toThrow(
      "push constants",
    );
    expect(() => device.run((recorder) => recorder.bind(pipeline).push(new Uint8Array(8), 12))).toThrow(
      "12..20",
    );
    expect(() => device.run((recorder) => recorder.bind(pipeline).dispatch(2 ** 32))).toThrow("workgroups");
    const failed = device.createCommandBuffer();
    expect(() =>
      failed.record(() => {
        throw new Error("in the middle");
      }),
    ).toThrow("in the middle");
    expect(() => device.queue.submit(failed)).toThrow("nothing recorded");
    failed.record((recorder) => recorder.fill(buffer, 0, 64, 1)); // a failed recording spoils nothing
    failed[Symbol.dispose]();
    expect(() => device.queue.submit(failed)).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
  });

  test("timestamps grow", () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 1 << 20 });
    using times = device.createTimestamps(2);
    device.run((recorder) =>
      recorder
        .resetTimestamps(times)
        .timestamp(times, 0)
        .bind(pipeline)
        .push(push(buffer, 0, 1 << 18))
        .dispatch((1 << 18) / 64)
        .barrier("compute", "host")
        .timestamp(times, 1),
    );
    const [first = 0, last = 0] = times.readNs() ?? [];
    expect(last).toBeGreaterThan(first);
    expect(last - first).toBeLessThan(60e9);
  });
});

describe("order between queues", () => {
  test("the transfer queue's work is seen by the compute queue after a timeline point, and the other way round", () => {
    using source = device.createBuffer({ role: "staging", sizeBytes: 1 << 16 });
    using middle = device.createBuffer({ role: "device", sizeBytes: 1 << 16 });
    using result = device.createBuffer({ role: "readback", sizeBytes: 1 << 16 });
    using timeline = device.createTimeline(10n);
    wordsOf(source).set(affineWords(1 << 14, 5, 1));
    const queue = device.transferQueue;
    using upload = device.record(
      (recorder) => recorder.barrier("host", "transfer").copy(source, middle).barrier(),
      { queue },
    );
    using download = device.record((recorder) =>
      recorder.barrier().copy(middle, result).barrier("transfer", "host"),
    );
    using fence = device.createFence();
    expect(timeline.value()).toBe(10n);
    // A device of one queue must be given the earlier work first; with two, the later may wait in its queue.
    queue.submitOrdered(upload, { signal: { timeline, value: 11n } });
    device.queue.submitOrdered(download, {
      wait: { timeline, value: 11n },
      signal: { timeline, value: 12n },
      fence,
    });
    expect(timeline.wait(12n, { timeoutMs: patientMs(10_000) })).toBe(true);
    expect(fence.wait({ timeoutMs: patientMs(10_000) })).toBe(true);
    expect(wordsOf(result)).toEqual(affineWords(1 << 14, 5, 1));
    timeline.signal(20n);
    expect(timeline.value()).toBe(20n);
    expect(timeline.wait(21n, { timeoutMs: 0 })).toBe(false);
  });
});

describe("waiting", () => {
  test("a fence that nothing signals runs into its bound", async () => {
    using fence = device.createFence();
    expect(fence.wait({ timeoutMs: 0 })).toBe(false);
    const start = performance.now();
    expect(fence.wait({ timeoutMs: 30 })).toBe(false);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
    expect(await fence.waitAsync({ timeoutMs: 5 })).toBe(false);
    for (const timeoutMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => fence.wait({ timeoutMs })).toThrow("finite");
    using born = device.createFence({ signaled: true });
    expect(born.signaled()).toBe(true);
  });

  test("an awaited fence leaves the event loop free", async () => {
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 256 });
    using commands = device.record((recorder) =>
      recorder
        .bind(pipeline)
        .push(push(buffer, 4, 64))
        .dispatch(1)
        .barrier("compute", "host"),
    );
    using fence = device.createFence();
    using timeline = device.createTimeline();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    device.queue.submitOrdered(commands, { wait: { timeline, value: 1n }, fence }); // held back until the signal
    const waiting = fence.waitAsync({ timeoutMs: patientMs(10_000) });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ticks).toBeGreaterThan(0);
    expect(() => fence[Symbol.dispose]()).toThrow("while a thread waits");
    timeline.signal(1n);
    expect(await waiting).toBe(true);
    clearInterval(timer);
    expect(wordsOf(buffer)[0]).toBe(4);
  });
});

describe("the end", () => {
  test("disposing twice is harmless, in any order, and nothing is left", () => {
    const own = openTestDevice();
    const buffer = own.createBuffer({ role: "readback", sizeBytes: 256 });
    const cache = own.createPipelineCache();
    const made = own.createComputePipeline({ spirv: affine, pushConstantBytes: 16, pipelineCache: cache });
    const commands = own.record((recorder) =>
      recorder
        .bind(made)
        .push(push(buffer, 0, 64))
        .dispatch(1),
    );
    const objects = {
      fence: own.createFence(),
      timeline: own.createTimeline(),
      times: own.createTimestamps(1),
    };
    own.queue.submit(commands, objects.fence);
    objects.fence.wait({ timeoutMs: patientMs(10_000) });
    expect(own.liveHandles).toEqual({
      buffer: 1,
      pipeline: 1,
      pipelineCache: 1,
      commandBuffer: 1,
      fence: 1,
      timeline: 1,
      timestamps: 1,
    });
    for (const object of [cache, buffer, made, objects.times, commands, objects.timeline, objects.fence]) {
      object[Symbol.dispose]();
      object[Symbol.dispose]();
    }
    expect(Object.values(own.liveHandles).every((count) => count === 0)).toBe(true);
    expect(own.counters.allocatedBytes).toBe(0);
    own.close();
    own.close();
    expect(() => own.createFence()).toThrow(expect.objectContaining({ code: "EW_CLOSED" }));
  });

  test("closing ends what was left, and objects may be disposed after it", () => {
    const own = openTestDevice();
    const buffer = own.createBuffer({ role: "device", sizeBytes: 1 << 20 });
    const made = own.createComputePipeline({ spirv: affine, pushConstantBytes: 16 });
    own.close();
    expect(own.isClosed).toBe(true);
    expect(Object.values(own.liveHandles).every((count) => count === 0)).toBe(true);
    buffer[Symbol.dispose]();
    made[Symbol.dispose]();
  });

  test("closing waits for running work, within its bound", () => {
    const own = openTestDevice();
    const buffer = own.createBuffer({ role: "device", sizeBytes: 4 << 20 });
    const made = own.createComputePipeline({ spirv: affine, pushConstantBytes: 16 });
    const commands = own.record((recorder) => {
      recorder.bind(made).push(push(buffer, 0, 1 << 20));
      for (let i = 0; i < 50; i++) recorder.dispatch((1 << 20) / 64).barrier("compute", "compute");
    });
    own.queue.submit(commands);
    own.close();
    expect(own.isClosed).toBe(true);
  });

  test("closing refuses while work cannot end, and can be tried again", () => {
    const own = openTestDevice();
    const buffer = own.createBuffer({ role: "device", sizeBytes: 64 });
    const commands = own.record((recorder) => recorder.fill(buffer, 0, 64, 1));
    const timeline = own.createTimeline();
    own.queue.submitOrdered(commands, { wait: { timeline, value: 1n } });
    expect(() => own.close({ timeoutMs: 20 })).toThrow(expect.objectContaining({ code: "EW_TIMEOUT" }));
    expect(own.isClosed).toBe(false);
    timeline.signal(1n);
    own.close();
  });

  test("fifty devices in a row leave nothing behind", () => {
    for (let i = 0; i < 50; i++) {
      const own = Device.open({ select: device.info.index });
      own.createBuffer({ role: "readback", sizeBytes: 4096 });
      own.close();
    }
  });
});

describe("a device that is lost", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("is reported by what was called, and can still be closed", () => {
    const own = openTestDevice();
    const commands = own.record((recorder) => recorder.barrier());
    const fence = own.createFence();
    for (const [call, act] of [
      ["vkQueueSubmit", () => own.queue.submit(commands, fence)],
      ["vkWaitForFences", () => fence.wait({ timeoutMs: 1 })],
      ["vkGetFenceStatus", () => fence.signaled()],
    ] as const) {
      vi.spyOn(vulkan(), call).mockReturnValue(-4);
      expect(act).toThrow(expect.objectContaining({ code: "EW_DEVICE_LOST" }));
      expect(act).toThrow(`${call} failed: VK_ERROR_DEVICE_LOST`);
    }
    own.close();
    expect(own.isClosed).toBe(true);
  });

  test("a full heap tells what was asked, the heap and what is free", () => {
    vi.spyOn(vulkan(), "vkAllocateMemory").mockReturnValue(-2);
    const ask = (): DeviceBuffer => device.createBuffer({ role: "device", sizeBytes: 4096, label: "corpus" });
    expect(ask).toThrow(expect.objectContaining({ code: "EW_OUT_OF_DEVICE_MEMORY" }));
    expect(ask).toThrow(
      /no room for the device buffer "corpus" of 4096 bytes: heap \d+ has \d+ bytes, about \d+ free/,
    );
    expect(device.liveHandles.buffer).toBe(0);
  });
});

test("a worker thread sees a buffer's memory through its address", async () => {
  using buffer = device.createBuffer({ role: "readback", sizeBytes: 4096 });
  const worker = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     const koffi = require("koffi");
     const words = new Uint32Array(koffi.view(workerData.address, workerData.sizeBytes));
     const before = words[5];
     words[6] = before + 1;
     parentPort.postMessage(before);`,
    { eval: true, workerData: { address: buffer.hostAddress, sizeBytes: buffer.sizeBytes } },
  );
  wordsOf(buffer)[5] = 41;
  const seen = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  expect(seen).toBe(41);
  expect(wordsOf(buffer)[6]).toBe(42);
});

test.runIf(isValidated)("the validation layer is heard (where it is installed)", () => {
  // A fence that is signaled already: against the rules, and harmless to drivers.
  const own = openTestDevice();
  const buffer = own.createBuffer({ role: "device", sizeBytes: 64 });
  const commands = own.record((recorder) => recorder.fill(buffer, 0, 64, 1));
  own.queue.submit(commands, own.createFence({ signaled: true }));
  own.close();
  const errors = messages.splice(0).filter(({ severity }) => severity === "error");
  expect(errors.length).toBeGreaterThan(0);
  expect(errors[0]?.id).toMatch(/VUID|UNASSIGNED/);
});
