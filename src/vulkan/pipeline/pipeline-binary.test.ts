import { checkResult } from "../calls/check-result.ts";
import { beforeEach, describe, expect, test } from "vitest";
import { inFrame } from "../native/frame.ts";
import { VkResult } from "../generated/constants.ts";
import { koffi } from "../native/ffi.ts";
import { pipelineSupport } from "./pipeline-support.ts";
import type { PipelineBinaries } from "./pipeline-binary.ts";
import type { DeviceContext } from "../context/context.ts";
import { makePipeline } from "./pipeline-maker.ts";
import type { PipelineData } from "./pipeline-data.ts";
import { BinaryDriver } from "../../../test/support/binary-driver.ts";

const DEVICE = 0x77n;
let driver: BinaryDriver;
let context: DeviceContext;
let binaries: PipelineBinaries | undefined;

beforeEach(() => {
  driver = new BinaryDriver();
  const counters = { pipelinesFromData: 0, pipelinesFromSpirv: 0, pipelineDataRefused: 0 };
  context = {
    commands: {
      ...driver.commands,
      vkCreateShaderModule: (_device: bigint, _info: bigint, _allocator: null, out: bigint) => {
        new DataView(koffi().view(out, 8)).setBigUint64(0, 0x55n, true);
        return 0;
      },
      vkDestroyShaderModule: () => {},
    },
    handle: DEVICE,
    physical: { info: { apiVersion: "1.4.0", vendorId: 1, deviceId: 2, pipelineCacheUuid: "" } },
    counters,
    assertNotClosed: () => {},
    answerAt: () => undefined,
    check: checkResult,
  } as unknown as DeviceContext;
  ({ binaries } = pipelineSupport(context, () => driver.commands));
});

const options = { spirv: Uint32Array.of(1, 2, 3), pushConstantBytes: 0 };
const make = (pipelineData?: PipelineData, captureData = false): ReturnType<typeof makePipeline> =>
  makePipeline(context, 0n, { ...options, pipelineData, captureData });

function capture(): PipelineData {
  const { handle } = make(undefined, true);
  const data = binaries?.extract(handle);
  if (data === undefined) throw new Error("nothing was captured");
  return data;
}

test("the global key is read", () => {
  expect(binaries?.globalKey()).toBe("aabb");
});

describe("binaries of a pipeline", () => {
  test("are extracted with their keys, and the driver releases everything that it held", () => {
    const { handle, origin, capture: kind } = make(undefined, true);
    expect([origin, kind]).toEqual(["spirv", "binary"]);
    const data = binaries?.extract(handle);
    expect(data?.kind).toBe("binary");
    expect(data?.keys).toEqual([Uint8Array.of(0, Number(handle)), Uint8Array.of(1, Number(handle))]);
    expect(data?.bytes.map((each) => new TextDecoder().decode(each).slice(0, 11))).toEqual([
      `code 0 of ${handle}`.slice(0, 11),
      `code 1 of ${handle}`.slice(0, 11),
    ]);
    expect(driver.binaries.size).toBe(0);
    expect(driver.captured.size).toBe(0);
  });

  test("make the pipeline again without compiling", () => {
    const data = capture();
    const { origin, refusal, capture: kind } = make(data, true);
    expect([origin, refusal, kind]).toEqual(["data", undefined, undefined]);
    expect(driver.compiled).toBe(1);
    expect(driver.loaded).toEqual([data.bytes]);
    expect(driver.binaries.size).toBe(0);
    expect(context.counters).toMatchObject({ pipelinesFromData: 1, pipelinesFromSpirv: 1 });
  });

  test("that are larger than the argument arena are complete", () => {
    const bytes = Uint8Array.from({ length: 700_000 }, (_, index) => index * 7);
    make({ kind: "binary", keys: [Uint8Array.of(5), Uint8Array.of(6)], bytes: [bytes, bytes.slice(1)] });
    expect(driver.loaded[0]?.map((each) => Buffer.from(each).equals(Buffer.from(bytes)))).toEqual([
      true,
      false,
    ]);
    expect(driver.loaded[0]?.[1]?.length).toBe(699_999);
  });

  test.each([
    ["VK_PIPELINE_BINARY_MISSING_KHR", VkResult.VK_PIPELINE_BINARY_MISSING_KHR],
    ["VK_INCOMPLETE", VkResult.VK_INCOMPLETE],
    ["VK_ERROR_OUT_OF_HOST_MEMORY", VkResult.VK_ERROR_OUT_OF_HOST_MEMORY],
  ])(
    "that the driver answers with %s are refused, and the objects made so far are destroyed",
    (name, result) => {
      const data = capture();
      driver.answers.createFromData = result;
      driver.missing.add(1);
      const { origin, refusal } = make(data);
      expect([origin, refusal]).toEqual(["spirv", `vkCreatePipelineBinariesKHR: ${name}`]);
      expect(driver.compiled).toBe(2);
      expect(driver.binaries.size).toBe(0);
      expect(context.counters).toMatchObject({ pipelineDataRefused: 1, pipelinesFromData: 0 });
    },
  );

  test("of which one is missing are refused although the call succeeds", () => {
    const data = capture();
    driver.missing.add(0);
    expect(make(data).origin).toBe("spirv");
    expect(driver.binaries.size).toBe(0);
  });

  test("are refused if no pipeline can be made from them", () => {
    const data = capture();
    let calls = 0;
    const { commands } = driver;
    Object.assign(context.commands, {
      vkCreateComputePipelines: (...parameters: Parameters<typeof commands.vkCreateComputePipelines>) =>
        ++calls === 1
          ? VkResult.VK_PIPELINE_COMPILE_REQUIRED
          : commands.vkCreateComputePipelines(...parameters),
    });
    const { origin, refusal } = make(data);
    expect([origin, refusal]).toEqual([
      "spirv",
      "vkCreateComputePipelines from binaries: VK_PIPELINE_COMPILE_REQUIRED",
    ]);
    expect(calls).toBe(2);
    expect(driver.binaries.size).toBe(0);
  });

  test("do not outlive a device that is lost during the call", () => {
    const data = capture();
    driver.answers.createFromData = VkResult.VK_ERROR_DEVICE_LOST;
    expect(() => make(data)).toThrow(expect.objectContaining({ code: "EW_DEVICE_LOST" }));
    expect(driver.binaries.size).toBe(0);
  });

  test.each([
    ["has none", () => (driver.binariesPerPipeline = 0)],
    ["gives only some", () => (driver.answers.createFromPipeline = VkResult.VK_PIPELINE_BINARY_MISSING_KHR)],
  ])("of which the driver %s are not kept, and its copy is released", (_, arrange) => {
    arrange();
    const { handle } = make(undefined, true);
    expect(binaries?.extract(handle)).toBeUndefined();
    expect(driver.captured.size).toBe(0);
    expect(driver.binaries.size).toBe(0);
  });

  test("exist only while the body runs", () => {
    const data = capture();
    const during = binaries?.with(data, () => driver.binaries.size);
    expect([during, driver.binaries.size]).toEqual([2, 0]);
    expect(() =>
      inFrame(() =>
        binaries?.with(data, () => {
          throw new Error("body");
        }),
      ),
    ).toThrow("body");
    expect(driver.binaries.size).toBe(0);
  });
});

test("a pipeline that is not captured leaves nothing with the driver", () => {
  make();
  expect(driver.captured.size).toBe(0);
});
