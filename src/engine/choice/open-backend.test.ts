import { expect, test, vi } from "vitest";
import { EverwarpError } from "../../base/index.ts";
import { type BackendChoice, deviceRequest, openBackend } from "./open-backend.ts";

const hardware = vi.hoisted(() => ({ missing: undefined as string | undefined }));
vi.mock("../../vulkan/index.ts", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  whyNoHardware: () => hardware.missing,
}));

const lost = new EverwarpError("EW_DEVICE_LOST", "the device is gone");

/** Opens a backend. `missing` says why there is no hardware; opening a device fails with `failure`. */
async function opened(choice: BackendChoice, missing?: string, failure?: unknown): Promise<unknown> {
  hardware.missing = missing;
  const { backend, fallbackReason } = await openBackend<unknown>(choice, {
    openDevice: async (request) => {
      if (failure !== undefined) throw failure;
      return request;
    },
    openHost: () => "host",
  });
  return fallbackReason === undefined ? backend : [backend, fallbackReason];
}

test("auto takes a device where there is one, and the host with a reason where not", async () => {
  expect(await opened({})).toEqual({ select: "auto", strategy: "auto" });
  expect(await opened({}, "no GPU")).toEqual(["host", "no GPU"]);
  expect(await opened({}, undefined, lost)).toEqual(["host", "the device is gone"]);
});

test("cpu is the host, without a reason", async () => {
  expect(await opened({ device: "cpu" }, "no GPU")).toBe("host");
});

test.each(["gpu", "llvmpipe", 0])("a named device, %s, is opened, or opening it fails", async (device) => {
  expect(await opened({ device }, "no GPU")).toEqual({ select: device, strategy: "auto" });
  await expect(opened({ device }, undefined, lost)).rejects.toBe(lost);
});

test("an error that is no device failure is thrown", async () => {
  const bad = new EverwarpError("EW_BAD_ARGUMENT", "no");
  await expect(opened({}, undefined, bad)).rejects.toBe(bad);
});

test.each<[string, BackendChoice, string]>([
  ["a strategy", { strategy: "leased" }, "leased"],
  ["polite", { polite: true }, "batch"],
  ["persistent", { persistent: true }, "persistent"],
])("%s needs a device", async (_, choice, strategy) => {
  expect(await opened(choice)).toEqual({ select: "auto", strategy });
  await expect(opened(choice, undefined, lost)).rejects.toBe(lost);
  await expect(opened(choice, "no GPU")).rejects.toMatchObject({ code: "EW_STRATEGY_UNSUPPORTED" });
  await expect(opened({ ...choice, device: "cpu" })).rejects.toMatchObject({
    code: "EW_STRATEGY_UNSUPPORTED",
  });
});

test.each<[BackendChoice, string]>([
  [
    { strategy: "leased" },
    'the strategy "leased" was asked for: no GPU. Name a device, a software one for tests, or leave the strategy out.',
  ],
  [
    { polite: true },
    "a polite kernel was asked for: no GPU. Name a device, a software one for tests, or leave polite out.",
  ],
  [
    { persistent: true },
    "a resident kernel was asked for: no GPU. Name a device, a software one for tests, or leave persistent out.",
  ],
])("the error of %o names the option that was given", async (choice, message) => {
  await expect(opened(choice, "no GPU")).rejects.toMatchObject({ message });
});

test("two strategies contradict each other; one strategy named twice does not", () => {
  const contradictions: BackendChoice[] = [
    { polite: true, persistent: true },
    { polite: true, strategy: "leased" },
    { persistent: true, strategy: "batch" },
  ];
  for (const choice of contradictions)
    expect(() => deviceRequest(choice)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
  expect(deviceRequest({ polite: true, strategy: "batch" })).toEqual({ select: "auto", strategy: "batch" });
});
