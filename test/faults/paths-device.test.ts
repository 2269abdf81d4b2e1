/** A namespace on a device: it answers as on the host, and when the device is lost every caller gets an answer or an error. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { DevicePathsBackend } from "../../src/paths/gpu/device-backend.ts";
import { Namespace, type NamespaceOptions } from "../../src/paths/namespace.ts";
import { PathError } from "../../src/paths/path-error.ts";
import * as presence from "../../src/vulkan/vulkan-presence.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

vi.mock(import("../../src/vulkan/vulkan-presence.ts"), { spy: true });
afterEach(() => vi.restoreAllMocks());

watchValidation();
const { index } = testDeviceInfo();

const PATHS = [
  "/src/main",
  "/src/../docs",
  "/missing",
  "/src/main/",
  "/link/main",
  "/loop",
  "",
  "relative/..",
];

async function open(options: NamespaceOptions): Promise<Namespace> {
  const files = await Namespace.open({ capacity: 10_000, threads: 1, ...options });
  await files.addDirectory("/src");
  await files.addDirectory("/docs");
  await files.addFile("/src/main");
  await files.addSymlink("src", "/link");
  await files.addSymlink("loop", "/loop");
  return files;
}

const codes = (results: readonly (number | PathError)[]): (number | string)[] =>
  results.map((result) => (result instanceof PathError ? result.code : result));

/** `auto` takes the test device, as if it were hardware. */
function pretendHardware(strategy: "batch" | "dispatch" = "batch"): void {
  const openBackend = DevicePathsBackend.open.bind(DevicePathsBackend);
  vi.mocked(presence.whyNoHardware).mockReturnValue(undefined);
  vi.spyOn(DevicePathsBackend, "open").mockImplementation((image, options) =>
    openBackend(image, { ...options, select: index, strategy }),
  );
}

describe("a namespace on a device", () => {
  it("answers as the host does, one by one, in batches, and after changes", async () => {
    await using host = await open({ device: "cpu" });
    await using files = await open({ device: index });
    expect(files.info).toMatchObject({ kind: "device", fallbackReason: undefined });
    const expected = await host.lookupErrno(PATHS);
    expect(await files.lookupErrno(PATHS)).toEqual(expected);
    const many = Array.from({ length: 5000 }, (_, at) => PATHS[at % PATHS.length]!);
    expect(await files.lookupErrno(many)).toEqual(await host.lookupErrno(many));
    expect(codes(await files.lookupBatch(PATHS))).toEqual(codes(await host.lookupBatch(PATHS)));
    expect(await files.lookupBatch([])).toEqual([]);
    const singles = await Promise.allSettled(many.slice(0, 500).map((path) => files.lookup(path)));
    for (const [at, single] of singles.entries()) {
      const wanted = expected[at % PATHS.length]!;
      if (single.status === "fulfilled") expect(single.value).toBe(wanted);
      else expect(single.reason).toMatchObject({ errno: wanted, path: many[at] });
    }
    for (const each of [host, files]) {
      await each.rename("/src", "/moved");
      await each.remove("/docs");
      await each.addFile("/moved/new");
    }
    for (const path of ["/moved/main", "/src/main", "/docs", "/moved/new", "/link/main"])
      expect(await files.lookupErrno([path])).toEqual(await host.lookupErrno([path]));
  });

  it("fails batches in flight and later ones with EW_DEVICE_LOST when it was named", async () => {
    await using files = await open({ device: index, strategy: "batch" });
    using _faults = injectFaults("device-lost@submit");
    const outcomes = await Promise.allSettled([
      files.lookupBatch(PATHS),
      files.lookup("/src/main"),
      files.lookup("/docs"),
      files.addFile("/late"),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "EW_DEVICE_LOST" } });
    await expect(files.lookupBatch(PATHS)).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
  });

  it("goes on upon the host when it was left to us, and nobody notices but by `info`", async () => {
    pretendHardware();
    await using files = await open({});
    const expected = await files.lookupErrno(PATHS);
    expect(files.info.kind).toBe("device");
    {
      using _faults = injectFaults("device-lost@submit");
      const [batch, single, added] = await Promise.all([
        files.lookupErrno(PATHS),
        files.lookup("/src/main"),
        files.addFile("/late"),
      ]);
      expect(batch).toEqual(expected);
      expect(single).toBe(expected[0]);
      expect(await files.lookup("/late")).toBe(added);
    }
    expect(files.info).toMatchObject({
      kind: "host",
      strategy: "threads",
      fallbackReason: expect.stringMatching(/./),
    });
    expect(await files.lookupErrno(PATHS)).toEqual(expected);
    await files.rename("/late", "/later");
    expect(codes(await files.lookupBatch(["/late"]))).toEqual(["ENOENT"]);
  });

  it("answers a large batch on the host when the device is lost between two of its groups", async () => {
    pretendHardware("dispatch"); // one submission for each request
    await using files = await open({});
    const many = Array.from({ length: 30_000 }, (_, at) => PATHS[at % PATHS.length]!);
    const expected = await files.lookupErrno(many);
    expect(files.info.kind).toBe("device");
    {
      using _faults = injectFaults("device-lost@submit:3");
      const [first, second] = await Promise.all([files.lookupErrno(many), files.lookupErrno(PATHS)]);
      expect(first).toEqual(expected);
      expect(second).toEqual(expected.slice(0, PATHS.length));
    }
    expect(files.info.kind).toBe("host");
  });

  it("leaves the event loop its turns, whoever asks again and again", async () => {
    await using files = await open({ device: index });
    for (const ask of [() => files.lookup("/src/main"), () => files.lookupErrno(PATHS)]) {
      let isTurned = false;
      setImmediate(() => (isTurned = true));
      // Without a turn this would never end.
      while (!isTurned) await ask();
    }
  });

  it("says why `auto` took the host", async () => {
    vi.mocked(presence.whyNoHardware).mockReturnValue("no GPU found");
    await using files = await open({ device: "auto" });
    expect(files.info).toMatchObject({ kind: "host", fallbackReason: "no GPU found" });
    await expect(open({ device: "auto", strategy: "persistent" })).rejects.toMatchObject({
      code: "EW_STRATEGY_UNSUPPORTED",
    });
    await expect(open({ device: "no such device" })).rejects.toMatchObject({ code: "EW_NO_DEVICE" });
  });
});
