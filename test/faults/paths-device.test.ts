/** A namespace on a device answers as a namespace on the host. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { ERRNO } from "../../src/paths/table/linux.ts";
import { DeviceBackend } from "../../src/paths/gpu/device-backend.ts";
import { Namespace } from "../../src/paths/namespace/namespace.ts";
import { packPaths } from "../../src/paths/lookup/pack.ts";
import type { PathError } from "../../src/paths/lookup/path-error.ts";
import * as presence from "../../src/vulkan/instance/vulkan-presence.ts";
import { codes, openGround, PATHS } from "../support/path-namespace.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

vi.mock(import("../../src/vulkan/instance/vulkan-presence.ts"), { spy: true });
afterEach(() => vi.restoreAllMocks());

watchValidation();
const { index } = testDeviceInfo();

describe("a namespace on a device", () => {
  it("answers as the host does, one by one, in batches, and after changes", async () => {
    await using host = await openGround({ device: "cpu" });
    await using files = await openGround({ device: index });
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

  it("ends the wait of a caller at its time or by its signal, and answers all others", async () => {
    await using files = await openGround({ device: index });
    const many = Array.from({ length: 60_000 }, (_, at) => PATHS[at % PATHS.length]!);
    const controller = new AbortController();
    const over = files.lookupErrno(many, { timeoutMs: 0 });
    const aborted = files.lookupErrno(many, { signal: controller.signal });
    const patient = files.lookupErrno(many, { timeoutMs: 600_000, signal: new AbortController().signal });
    const single = files.lookup("/src/main", { timeoutMs: 600_000 });
    controller.abort("enough");
    expect(await Promise.allSettled([over, aborted, patient, single])).toMatchObject([
      { status: "rejected", reason: { code: "EW_TIMEOUT" } },
      { status: "rejected", reason: { code: "EW_ABORTED", cause: "enough" } },
      { status: "fulfilled", value: await files.lookupErrno(many) },
      { status: "fulfilled", value: await files.lookup("/src/main") },
    ]);
    for (const late of [
      files.lookup("/src/main", { signal: controller.signal }),
      files.lookupBatch(PATHS, { signal: controller.signal }),
      files.lookupPacked(packPaths(PATHS), { signal: controller.signal }),
    ])
      await expect(late).rejects.toMatchObject({ code: "EW_ABORTED" });
  });

  it("leaves the event loop its turns, whoever asks again and again", async () => {
    await using files = await openGround({ device: index });
    for (const ask of [() => files.lookup("/src/main"), () => files.lookupErrno(PATHS)]) {
      let isTurned = false;
      setImmediate(() => (isTurned = true));
      // Without a turn this would never end.
      while (!isTurned) await ask();
    }
  });

  it("says why `auto` took the host", async () => {
    vi.mocked(presence.whyNoHardware).mockReturnValue("no GPU found");
    await using files = await openGround({ device: "auto" });
    expect(files.info).toMatchObject({ kind: "host", fallbackReason: "no GPU found" });
    await expect(openGround({ device: "auto", strategy: "persistent" })).rejects.toMatchObject({
      code: "EW_STRATEGY_UNSUPPORTED",
    });
    await expect(openGround({ device: "no such device" })).rejects.toMatchObject({ code: "EW_NO_DEVICE" });
  });
});

describe("a namespace on a device, asked for much and odd things", () => {
  it("answers no path, one, a hundred, as many as fit and more; or refuses those that are more", async () => {
    const maxBatchSize = 1000;
    await using host = await openGround({ device: "cpu", maxBatchSize });
    await using files = await openGround({ device: index, maxBatchSize });
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
      const batcher = files.batcher({ maxBatchSize: 64, lingerMs: 1 });
      const calls = await Promise.all(
        paths.map((path) => batcher.lookup(path).catch((error: PathError) => error.errno)),
      );
      expect(calls).toEqual([...expected]);
      await batcher.close();
    }
  });

  it("says EINVAL for a NUL at any byte, alone and among others, and nothing else goes wrong", async () => {
    await using files = await openGround({ device: index });
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
    await using files = await Namespace.open({ device: index, maxEntries: 5000 });
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

  it("sends a single path the short way, whatever its options are, and gathers those that are alike", async () => {
    await using files = await openGround({ device: index });
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
});
