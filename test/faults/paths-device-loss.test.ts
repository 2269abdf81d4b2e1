/** When the device of a namespace fails, every caller gets an answer or an error. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { injectFaults } from "../../src/base/faults.ts";
import { DeviceBackend } from "../../src/paths/gpu/device-backend.ts";
import type { Namespace } from "../../src/paths/namespace/namespace.ts";
import { packPaths } from "../../src/paths/lookup/pack.ts";
import { PathError } from "../../src/paths/lookup/path-error.ts";
import { Device } from "../../src/vulkan/index.ts";
import * as presence from "../../src/vulkan/instance/vulkan-presence.ts";
import { codes, openGround, PATHS } from "../support/path-namespace.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

vi.mock(import("../../src/vulkan/instance/vulkan-presence.ts"), { spy: true });
afterEach(() => vi.restoreAllMocks());

watchValidation();
const { index } = testDeviceInfo();

/** `auto` takes the test device, as if it were hardware. */
function pretendHardware(strategy: "batch" | "dispatch" = "batch"): void {
  const openBackend = DeviceBackend.open.bind(DeviceBackend);
  vi.mocked(presence.whyNoHardware).mockReturnValue(undefined);
  vi.spyOn(DeviceBackend, "open").mockImplementation((image, options) =>
    openBackend(image, { ...options, select: index, strategy }),
  );
}

describe("a namespace whose device fails", () => {
  it("is opened again on a device that was named and lost, and nobody notices", async () => {
    await using files = await openGround({ device: index, strategy: "batch" });
    const expected = await files.lookupErrno(PATHS);
    const opening = vi.spyOn(DeviceBackend, "open");
    {
      using _faults = injectFaults("device-lost@submit");
      const [batch, single, added] = await Promise.all([
        files.lookupErrno(PATHS),
        files.lookup("/src/main"),
        files.addFile("/late"),
        files.addFile("/later"),
      ]);
      expect(batch).toEqual(expected);
      expect(single).toBe(expected[0]);
      expect(await files.lookup("/late")).toBe(added);
    }
    expect(opening).toHaveBeenCalledOnce();
    expect(files.info).toMatchObject({ kind: "device", strategy: "batch", fallbackReason: undefined });
    expect(await files.lookupErrno(PATHS)).toEqual(expected);
    await files.rename("/later", "/latest");
    expect(codes(await files.lookupBatch(["/later", "/docs"]))).toEqual(["ENOENT", expect.any(Number)]);
  });

  it("fails batches in flight and later ones with EW_DEVICE_LOST when it was named and stays lost", async () => {
    await using files = await openGround({ device: index, strategy: "batch" });
    using _faults = injectFaults("device-lost@submit:1+");
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

  it("uses an open device, leaves it to the caller, and does not open it again", async () => {
    const device = Device.open({ select: index });
    try {
      await using files = await openGround({ device, strategy: "batch" });
      const expected = await files.lookupErrno(PATHS);
      expect(files.info).toMatchObject({ kind: "device", device: device.info.name });
      await files.close();
      await using others = await openGround({ device, strategy: "batch" });
      expect(await others.lookupErrno(PATHS)).toEqual(expected);
      using _faults = injectFaults("device-lost@submit");
      await expect(others.lookupErrno(PATHS)).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
      await expect(others.lookupErrno(PATHS)).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
    } finally {
      device.close();
    }
  });

  it("goes on upon the host when it was left to us, and nobody notices but by `info`", async () => {
    pretendHardware();
    await using files = await openGround({});
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
    await using files = await openGround({});
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

  it("fails with EW_OUT_OF_DEVICE_MEMORY, and all who ask, when a named device has no memory to grow", async () => {
    await using files = await openGround({ device: index });
    using _faults = injectFaults("out-of-memory@allocate:1+");
    const outcome = await growUntilFailure(files);
    expect(outcome).toMatchObject({ code: "EW_OUT_OF_DEVICE_MEMORY" });
    for (const promise of [files.lookup("/docs"), files.lookupBatch(["/docs"]), files.addFile("/late")])
      await expect(promise).rejects.toMatchObject({ code: "EW_OUT_OF_DEVICE_MEMORY" });
  });

  it("goes on upon the host when a device that was left to us has no memory to grow", async () => {
    pretendHardware();
    await using files = await openGround({ maxEntries: 100_000 });
    const [known] = await files.lookupErrno(["/src/main"]);
    using _faults = injectFaults("out-of-memory@allocate:1+");
    expect(await growUntilFailure(files)).toBeUndefined();
    expect(files.info).toMatchObject({
      kind: "host",
      strategy: "threads",
      fallbackReason: expect.stringMatching(/bytes/),
    });
    // Every addition that was told to be made is there, also those that the device failed at.
    const grown = await files.lookupErrno(Array.from({ length: GROWN }, (_, at) => grownName(at)));
    expect(grown.findIndex((inode) => inode <= 0)).toBe(-1);
    expect(await files.lookup("/src/main")).toBe(known);
    await files.remove("/src/main");
    expect(codes(await files.lookupBatch(["/src/main"]))).toEqual(["ENOENT"]);
  });

  it("is refused what it cannot do by the table, not by the device: the device stays", async () => {
    pretendHardware();
    await using files = await openGround({ maxEntries: 5000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20_000 }, (_, at) => files.addFile(`/${String(at).padStart(255, "0")}`)),
    );
    expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: { code: "EW_PATHS_FULL" } });
    expect(files.info).toMatchObject({ kind: "device", fallbackReason: undefined });
  });

  it.each(["EW_TIMEOUT", "EW_LOOP_LIMIT", "EW_PATHS_FULL", "EW_OUT_OF_DEVICE_MEMORY"] as const)(
    "gives a device up whose lookup fails with %s, and answers what else was in flight there",
    async (code) => {
      pretendHardware();
      await using files = await openGround({});
      const expected = await files.lookupErrno(PATHS);
      const failing = vi
        .spyOn(DeviceBackend.prototype, "lookup")
        .mockRejectedValueOnce(new EverwarpError(code, "as if it had"));
      const outcomes = await Promise.all([
        files.lookupErrno(Array.from({ length: 30_000 }, (_, at) => PATHS[at % PATHS.length]!)),
        files.lookupPacked(packPaths(PATHS)),
        files.lookup("/src/main"),
        files.addFile("/late"),
      ]);
      expect(failing).toHaveBeenCalledOnce();
      expect(outcomes[0].subarray(0, PATHS.length)).toEqual(expected);
      expect(outcomes[0].subarray(-PATHS.length)).toEqual(expected);
      expect(outcomes[1]).toEqual(expected);
      expect(outcomes[2]).toBe(expected[0]);
      expect(files.info).toMatchObject({ kind: "host", fallbackReason: "as if it had" });
      expect(await files.lookup("/late")).toBe(outcomes[3]);
    },
  );

  it("does not stand in for a device where the caller was wrong, or closed the namespace", async () => {
    pretendHardware();
    await using files = await openGround({});
    const bytes = new Uint8Array(8);
    await expect(files.lookupPacked({ bytes, offsets: Uint32Array.of(0, 6, 3) })).rejects.toMatchObject({
      code: "EW_BAD_ARGUMENT",
    });
    expect(files.info.kind).toBe("device");
    const many = files.lookupErrno(Array.from({ length: 30_000 }, () => "/src/main"));
    const closing = files.close();
    await expect(many).rejects.toMatchObject({ code: "EW_CLOSED" });
    await closing;
    expect(files.info.kind).toBe("device");
  });

  it.each(["submit:1", "submit:2", "submit:4", "fence-status:3", "fence-wait:2"])(
    "gives every caller an answer or its error when the device is lost at %s, whoever chose it",
    async (point) => {
      for (const isNamed of [true, false]) {
        if (!isNamed) pretendHardware();
        await using files = await openGround(isNamed ? { device: index, strategy: "batch" } : {});
        const many = Array.from({ length: 20_000 }, (_, at) => PATHS[at % PATHS.length]!);
        const expected = await files.lookupErrno(many);
        const batcher = files.batcher({ maxBatchSize: 50 });
        const opening = isNamed ? vi.spyOn(DeviceBackend, "open") : undefined;
        using _faults = injectFaults(`device-lost@${point}`);
        const errno = (promise: Promise<number>): Promise<number> =>
          promise.catch((error: unknown) => {
            if (error instanceof PathError) return error.errno;
            throw error;
          });
        const outcomes = await Promise.allSettled<unknown>([
          ...many.slice(0, 300).map((path) => errno(files.lookup(path))),
          ...many.slice(0, 300).map((path) => errno(batcher.lookup(path))),
          files.lookupErrno(many),
          files.lookupPacked(packPaths(many)),
          files.addFile("/late"),
          files.lookupErrno(many.slice(0, 10), { followSymlinks: true }),
        ]);
        const wanted = [
          ...expected.subarray(0, 300),
          ...expected.subarray(0, 300),
          expected,
          expected,
          expect.any(Number),
          expected.slice(0, 10),
        ];
        for (const [at, outcome] of outcomes.entries()) {
          if (outcome.status === "fulfilled") expect([at, outcome.value]).toEqual([at, wanted[at]]);
          else {
            expect(outcome.reason).toMatchObject({ code: "EW_DEVICE_LOST" });
            expect(isNamed).toBe(true);
          }
        }
        const wasLost = isNamed ? opening!.mock.calls.length > 0 : files.info.kind === "host";
        if (point.startsWith("submit")) expect(wasLost).toBe(true);
        vi.restoreAllMocks();
      }
    },
  );
});

const GROWN = 8000;

/** Long, but for the first. */
function grownName(at: number): string {
  return at === 0 ? "/grown/0" : `/grown/${at}`.padEnd(240, "-");
}

/** Adds long names until the device's table needs memory, or many more. @returns what an addition failed with */
async function growUntilFailure(files: Namespace): Promise<unknown> {
  await files.addDirectory("/grown");
  for (let first = 0; first < GROWN; first += 500) {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 500 }, (_, at) => files.addFile(grownName(first + at))),
    );
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) return failed.reason;
  }
  return undefined;
}
