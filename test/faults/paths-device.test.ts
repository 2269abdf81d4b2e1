/** A namespace on a device: it answers as on the host, and when the device is lost every caller gets an answer or an error. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { injectFaults } from "../../src/base/faults.ts";
import * as presence from "../../src/vulkan/instance/vulkan-presence.ts";
import { ERRNO } from "../../src/paths/table/linux.ts";
import { DeviceBackend } from "../../src/paths/gpu/device-backend.ts";
import { Namespace } from "../../src/paths/namespace/namespace.ts";
import type { NamespaceOptions } from "../../src/paths/namespace/options.ts";
import { packPaths } from "../../src/paths/lookup/pack.ts";
import { PathError } from "../../src/paths/lookup/path-error.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

vi.mock(import("../../src/vulkan/instance/vulkan-presence.ts"), { spy: true });
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
  const openBackend = DeviceBackend.open.bind(DeviceBackend);
  vi.mocked(presence.whyNoHardware).mockReturnValue(undefined);
  vi.spyOn(DeviceBackend, "open").mockImplementation((image, options) =>
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

describe("a namespace on a device, asked for much and odd things", () => {
  it("answers no path, one, a hundred, as many as fit and more; or refuses those that are more", async () => {
    const maxBatchSize = 1000;
    await using host = await open({ device: "cpu", maxBatchSize });
    await using files = await open({ device: index, maxBatchSize });
    const all = Array.from(
      { length: 3007 },
      (_, at) => `${PATHS[at % PATHS.length]}${at % 3 === 0 ? "/" : ""}`,
    );
    for (const size of [0, 1, 100, maxBatchSize, maxBatchSize + 1, 3 * maxBatchSize + 7]) {
      const paths = all.slice(0, size);
      const expected = await host.lookupErrno(paths);
      expect(expected).toHaveLength(size);
      expect(await files.lookupErrno(paths)).toEqual(expected);
      expect(await files.lookupPacked(packPaths(paths))).toEqual(expected);
      expect(codes(await files.lookupBatch(paths))).toEqual(codes(await host.lookupBatch(paths)));
      for (const refused of [
        files.lookupBatch(paths, { oversize: "error" }),
        files.lookupErrno(paths, { oversize: "error" }),
        files.lookupPacked(packPaths(paths), { oversize: "error" }),
      ]) {
        if (size > maxBatchSize)
          await expect(refused).rejects.toMatchObject({ code: "EW_REQUEST_TOO_LARGE" });
        else expect(await refused).toHaveLength(size);
      }
      const batcher = files.batcher({ maxBatchSize: 64, timeoutMs: 1 });
      const calls = await Promise.all(
        paths.map((path) => batcher.lookup(path).catch((error: PathError) => error.errno)),
      );
      expect(calls).toEqual([...expected]);
      await batcher.close();
    }
  });

  it("says EINVAL for a NUL at any byte, alone and among others, and nothing else goes wrong", async () => {
    await using files = await open({ device: index });
    for (const path of ["/src/main", "/missing/x", "src//../docs/", `/${"a".repeat(255)}`, "/link/main"])
      for (let at = 0; at <= path.length; at += path.length > 100 ? 37 : 1) {
        const bad = `${path.slice(0, at)}\0${path.slice(at)}`;
        const [alone] = await files.lookupErrno([bad]);
        const among = await files.lookupErrno(["/src/main", bad, "/docs"]);
        expect([bad, alone, ...among]).toEqual([
          bad,
          -ERRNO.EINVAL,
          await files.lookup("/src/main"),
          -ERRNO.EINVAL,
          await files.lookup("/docs"),
        ]);
      }
  });

  it("goes on when the table is full, and takes more when something went", async () => {
    await using files = await Namespace.open({ device: index, capacity: 5000 });
    const name = (at: number): string => `/${String(at).padStart(255, "0")}`;
    let failure: unknown;
    let count = 0;
    // Many at a time: each promise waits for the device.
    while (failure === undefined) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, (_, at) => files.addFile(name(count + at))),
      );
      const added = outcomes.filter(({ status }) => status === "fulfilled").length;
      expect(outcomes.slice(0, added).every(({ status }) => status === "fulfilled")).toBe(true);
      count += added;
      failure = outcomes.find((outcome) => outcome.status === "rejected")?.reason;
    }
    expect(failure).toMatchObject({ code: "EW_PATHS_FULL" });
    expect(files.entryCount).toBe(count);
    const all = Array.from({ length: count + 1 }, (_, at) => name(at));
    const found = await files.lookupErrno(all);
    expect(found.findIndex((inode) => inode < 0)).toBe(count);
    expect(new Set(found).size).toBe(count + 1);
    await files.remove(name(7));
    const inode = await files.addFile(name(count));
    expect([...(await files.lookupErrno([name(7), name(count), name(8)]))]).toEqual([
      -ERRNO.ENOENT,
      inode,
      found[8],
    ]);
  });

  it("fails with EW_OUT_OF_DEVICE_MEMORY, and all who ask, when a device that was named has no memory to grow", async () => {
    await using files = await open({ device: index });
    using _faults = injectFaults("out-of-memory@allocate:1+");
    const outcome = await growUntilFailure(files);
    expect(outcome).toMatchObject({ code: "EW_OUT_OF_DEVICE_MEMORY" });
    for (const promise of [files.lookup("/docs"), files.lookupBatch(["/docs"]), files.addFile("/late")])
      await expect(promise).rejects.toMatchObject({ code: "EW_OUT_OF_DEVICE_MEMORY" });
  });

  it("goes on upon the host when a device that was left to us has no memory to grow", async () => {
    pretendHardware();
    await using files = await open({ capacity: 100_000 });
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
    await using files = await open({ capacity: 5000 });
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
      await using files = await open({});
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
    await using files = await open({});
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

  it("sends a single path the short way, whatever its options are, and gathers those that are alike", async () => {
    await using files = await open({ device: index });
    const src = await files.lookup("/src");
    const link = await files.lookup("/link", { followSymlinks: false });
    expect(files.stat(link)?.kind).toBe("symlink");
    const singles = vi.spyOn(DeviceBackend.prototype, "lookupSingle");
    const batches = vi.spyOn(DeviceBackend.prototype, "lookupPaths");
    expect(await files.lookup("main", { directory: src })).toBe(await files.lookup("/src/main"));
    expect(singles).toHaveBeenNthCalledWith(1, "main", { directory: src });
    expect(await files.lookup("/link", { followSymlinks: false })).toBe(link);
    expect(await files.lookup("/link", {})).toBe(src);
    await expect(files.lookup("none", { directory: src })).rejects.toMatchObject({
      code: "ENOENT",
      path: "none",
    });
    await expect(files.lookup("x", { directory: 9_999 })).rejects.toMatchObject({ code: "EBADF" });
    // Where loops are limited there is no short way, and each is a batch.
    const isShort = singles.mock.results.every(({ value }) => value !== undefined);
    expect(batches).toHaveBeenCalledTimes(isShort ? 0 : singles.mock.calls.length);
    batches.mockClear();
    const found = await Promise.all([
      ...Array.from({ length: 100 }, () => files.lookup("main", { directory: src })),
      ...Array.from({ length: 100 }, () => files.lookup("/link", { followSymlinks: false })),
    ]);
    expect(new Set(found.slice(0, 100))).toEqual(new Set([await files.lookup("/src/main")]));
    expect(new Set(found.slice(100))).toEqual(new Set([link]));
    // One alone, the others together, of each kind.
    expect(batches.mock.calls.length).toBeLessThan(10);
  });

  it.each(["submit:1", "submit:2", "submit:4", "fence-status:3", "fence-wait:2"])(
    "gives every caller an answer or its error when the device is lost at %s, whoever chose it",
    async (point) => {
      for (const isNamed of [true, false]) {
        if (!isNamed) pretendHardware();
        await using files = await open(isNamed ? { device: index, strategy: "batch" } : {});
        const many = Array.from({ length: 20_000 }, (_, at) => PATHS[at % PATHS.length]!);
        const expected = await files.lookupErrno(many);
        const batcher = files.batcher({ maxBatchSize: 50 });
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
        const wasLost = outcomes.some(({ status }) => status === "rejected") || files.info.kind === "host";
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
