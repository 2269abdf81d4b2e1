/**
 * A device that fails under a search engine: a clear error, nothing else lost, and the host where the choice was left
 * to us.
 */
import { readdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import type { SearchOverrides } from "../../src/cli/commands/search.ts";
import { openEngine } from "../../src/cli/commands/device-search.ts";
import { EverwarpError } from "../../src/base/errors.ts";
import { injectFaults } from "../../src/base/faults.ts";
import { Corpus, SearchEngine } from "../../src/index.ts";
import * as presence from "../../src/vulkan/instance/vulkan-presence.ts";
import { scanPlan } from "../../src/search/backend/index.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import { DeviceSink } from "../../src/search/gpu/device-sink.ts";
import { RequestQueue } from "../../src/search/gpu/request-queue.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { Dir } from "../support/cli.ts";
import { captured } from "../support/environment.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";
import { patientMs, until } from "../support/patience.ts";

vi.mock(import("../../src/vulkan/instance/vulkan-presence.ts"), { spy: true });

watchValidation();
const { index } = testDeviceInfo();
const openTestBackend = DeviceBackend.open.bind(DeviceBackend);
const VK_ERROR_OUT_OF_DEVICE_MEMORY = -2;

const dir = new Dir("faults").file("f", "needle\nneedle in it\n").file("g", "no\n");
const needles = { pattern: "needle" };
const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

let corpus: Corpus;
beforeAll(async () => {
  corpus = await Corpus.list(["./"], { cwd: dir.path });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => dir.remove());

/** `auto` takes the test device, as if it were hardware. */
function pretendHardware(): void {
  vi.mocked(presence.whyNoHardware).mockReturnValue(undefined);
  vi.spyOn(DeviceBackend, "open").mockImplementation(async (options) =>
    openTestBackend({ ...options, select: index, strategy: "batch" }),
  );
}

describe("a device that is lost", () => {
  // In mid-search: device-search.test.ts.
  it.each(["dispatch", "redispatch", "batch"] as const)(
    "when work is submitted ends searches with EW_DEVICE_LOST where it was named, and is opened again (%s)",
    async (strategy) => {
      const lost = failing("EW_DEVICE_LOST");
      await using engine = await SearchEngine.open({ corpus, device: index, strategy });
      const before = await engine.search(needles);
      {
        using _faults = injectFaults("device-lost@submit");
        const searches = [
          engine.submit(needles),
          engine.submit({ pattern: "needl[e]" }),
          engine.submit({ pattern: "no", ignoreCase: true }),
        ];
        for (const search of searches) await expect(search.wait()).rejects.toThrow(lost);
      }
      // What was answered before stays.
      expect([before.count, before.lineText(1)]).toEqual([2, "needle in it"]);
      expect((await engine.search(needles)).count).toBe(2);
      expect(engine.searchSync(needles, { timeoutMs: patientMs(2000) }).count).toBe(2);
      expect(engine.stats()).toMatchObject({
        recoveries: 1,
        failed: 3,
        answered: 3,
        inFlight: 0,
        pending: 0,
      });
    },
  );

  it("while lines are counted ends the count with EW_DEVICE_LOST, and counts again afterwards", async () => {
    await using engine = await SearchEngine.open({ corpus, device: index, strategy: "batch" });
    const regex = { pattern: "ne{2}dle|o$" };
    expect(await engine.countLines(regex)).toMatchObject({ lines: 3, plan: "planes" });
    {
      using _faults = injectFaults("device-lost@submit");
      await expect(engine.countLines(regex)).rejects.toThrow(failing("EW_DEVICE_LOST"));
    }
    expect(await engine.countLines(regex)).toMatchObject({ lines: 3 });
    expect(await engine.countLines(regex)).toMatchObject({ lines: 3, plan: "planes" });
    expect(engine.stats()).toMatchObject({ recoveries: 1, inFlight: 0, pending: 0 });
  });

  it("while bit planes tell lines is opened again, and the search answered by others", async () => {
    pretendHardware();
    vi.spyOn(DeviceBackend.prototype, "planesPayFrom", "get").mockReturnValue(0);
    const submitted = vi.spyOn(DeviceBackend.prototype, "submit");
    const linesAsked = (): number => submitted.mock.calls.filter(([{ kind }]) => kind === "lines").length;
    await using engine = await SearchEngine.open({ corpus, hostCopy: true, threads: 1 });
    const regex = { pattern: "ne{2}dle|o$" };
    while (linesAsked() === 0) {
      expect((await engine.search(regex)).count).toBe(3);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const before = linesAsked();
    {
      using _faults = injectFaults("device-lost@submit");
      expect((await engine.search(regex)).count).toBe(3);
      expect(linesAsked()).toBe(before + 1);
    }
    expect((await engine.search(regex)).count).toBe(3);
    expect(engine.stats()).toMatchObject({ recoveries: 1, failed: 0, inFlight: 0, pending: 0 });
  });

  it("tells a blocking wait at once that it is being opened again", async () => {
    // A kernel that stays would answer without a submission, and notice nothing.
    await using engine = await SearchEngine.open({ corpus, device: index, strategy: "dispatch" });
    {
      using _faults = injectFaults("device-lost@submit");
      await expect(engine.search(needles)).rejects.toThrow(failing("EW_DEVICE_LOST"));
    }
    expect(() => engine.searchSync(needles, { timeoutMs: patientMs(60_000) })).toThrow(
      expect.objectContaining({ code: "EW_DEVICE_LOST", message: expect.stringContaining("opened again") }),
    );
    expect((await engine.search(needles)).count).toBe(2);
    expect(engine.stats()).toMatchObject({ recoveries: 1, failed: 2, answered: 1, inFlight: 0, pending: 0 });
  });

  it.each([0, 1])("when a corpus is added is opened again, with %d others", async (others) => {
    const held = others === 0 ? {} : { corpus: await Corpus.list(["./"], { cwd: dir.path }) };
    await using engine = await SearchEngine.open({ ...held, device: index });
    {
      using _faults = injectFaults("device-lost@submit");
      const added = [engine.addCorpus(corpus), engine.addCorpus(corpus)];
      for (const each of added) await expect(each).rejects.toThrow(failing("EW_DEVICE_LOST"));
    }
    await engine.addCorpus(corpus);
    for (const each of engine.corpora)
      expect((await engine.search({ ...needles, corpus: each })).count).toBe(2);
    expect(engine.stats()).toMatchObject({ corpora: others + 1, recoveries: 1, pending: 0 });
  });

  it("asks searches in flight again where the device was left to us", async () => {
    pretendHardware();
    const more = await Corpus.list(["./"], { cwd: dir.path });
    await using engine = await SearchEngine.open({ corpora: [corpus, more] });
    using _faults = injectFaults("device-lost@submit");
    const searches = [
      engine.submit(needles),
      engine.submit({ pattern: "needl[e]", corpus: more }),
      engine.submit({ pattern: "no", ignoreCase: true }),
    ];
    expect(await Promise.all(searches.map(async (search) => (await search.wait()).count))).toEqual([2, 2, 1]);
    expect(engine.info).toMatchObject({ kind: "device", fallbackReason: undefined });
    expect(engine.stats()).toMatchObject({ recoveries: 1, failed: 0, answered: 3, corpora: 2 });
    expect(engine.corpora).toEqual([corpus, more]);
  });

  it("leaves the corpora to the host where no device can be opened again, and says why", async () => {
    pretendHardware();
    await using engine = await SearchEngine.open({ corpus });
    const opening = vi.spyOn(DeviceBackend, "open").mockImplementation(async () => {
      throw new EverwarpError("EW_DEVICE_LOST", "it does not come back");
    });
    using _faults = injectFaults("device-lost@submit");
    expect((await engine.search(needles)).count).toBe(2);
    expect(opening).toHaveBeenCalledTimes(2); // the one that was lost, and the one that did not come
    expect(engine.info).toMatchObject({ kind: "host", fallbackReason: "it does not come back" });
    expect(engine.searchSync(needles, { timeoutMs: patientMs(5000) }).count).toBe(2);
  });

  it("that is lost with every search is left, and the host goes on", async () => {
    pretendHardware();
    await using engine = await SearchEngine.open({ corpus });
    vi.spyOn(RequestQueue.prototype, "add").mockImplementation((query) => {
      query.end(new EverwarpError("EW_DEVICE_LOST", "the kernel takes the device down"));
    });
    vi.spyOn(DeviceBackend.prototype, "isLost", "get").mockReturnValue(true);
    expect((await engine.search(needles)).count).toBe(2);
    expect(engine.info.kind).toBe("host");
    expect(engine.stats()).toMatchObject({ recoveries: 2, answered: 1, failed: 0 });
  });

  it("says so to every search from then on where it was named and does not come back, and closes", async () => {
    const engine = await SearchEngine.open({ corpus, device: index, strategy: "batch" });
    using _faults = injectFaults("device-lost@submit:1+");
    for (let round = 0; round < 3; round++)
      await expect(engine.search(needles)).rejects.toThrow(failing("EW_DEVICE_LOST"));
    expect(() => engine.searchSync(needles)).toThrow(failing("EW_DEVICE_LOST"));
    await expect(engine.addCorpus(await Corpus.list(["./"], { cwd: dir.path }))).rejects.toThrow(
      failing("EW_DEVICE_LOST"),
    );
    await expect(engine.search(needles)).rejects.toThrow(/does not come back\. Open a new engine/);
    expect(engine.stats().recoveries).toBe(0);
    await engine.close();
  });
});

describe("a device without room", () => {
  it("refuses a corpus and keeps the others", async () => {
    await using engine = await SearchEngine.open({ corpus, device: index });
    const more = await Corpus.list(["./"], { cwd: dir.path });
    const spy = vi.spyOn(vulkan(), "vkAllocateMemory").mockReturnValue(VK_ERROR_OUT_OF_DEVICE_MEMORY);
    await expect(engine.addCorpus(more)).rejects.toThrow(failing("EW_OUT_OF_DEVICE_MEMORY"));
    spy.mockRestore();
    expect((await engine.search(needles)).count).toBe(2);
    expect(engine.corpora).toEqual([corpus]);
    await engine.addCorpus(more);
    expect((await engine.search({ ...needles, corpus: more })).count).toBe(2);
  });

  it("leaves the corpus to the host where the choice is ours, and says why", async () => {
    pretendHardware();
    const load = vi.spyOn(DeviceBackend.prototype, "load").mockImplementation(async () => {
      throw new EverwarpError("EW_OUT_OF_DEVICE_MEMORY", "no room");
    });
    const engine = await SearchEngine.open({ corpus, device: "auto" });
    expect(engine.info).toMatchObject({ kind: "host", fallbackReason: "no room" });
    expect((await engine.search(needles)).count).toBe(2);
    await engine.close();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("keeps what fits, and the host takes what does not", async () => {
    pretendHardware();
    await using engine = await SearchEngine.open({ corpus });
    expect(engine.info).toMatchObject({ kind: "device", strategy: "batch", fallbackReason: undefined });
    const large = await Corpus.list(["./"], { cwd: dir.path });
    const spy = vi.spyOn(DeviceSink.prototype, "reserve").mockImplementation(() => {
      throw new EverwarpError("EW_CORPUS_TOO_LARGE", "too large for the device");
    });
    await engine.addCorpus(large);
    spy.mockRestore();
    expect(engine.info.kind).toBe("device");
    for (const each of [corpus, large]) {
      expect((await engine.search({ pattern: "needle", corpus: each })).count).toBe(2);
      expect((await engine.search({ pattern: "n.edle$", corpus: each })).count).toBe(1);
    }
    await engine.removeCorpus(large);
    expect(() => engine.submit({ ...needles, corpus: large })).toThrow(failing("EW_CORPUS_UNKNOWN"));
  });

  it("is no excuse where it was insisted on", async () => {
    pretendHardware();
    vi.spyOn(DeviceSink.prototype, "reserve").mockImplementation(() => {
      throw new EverwarpError("EW_CORPUS_TOO_LARGE", "too large for the device");
    });
    await expect(SearchEngine.open({ corpus, device: index })).rejects.toThrow(
      failing("EW_CORPUS_TOO_LARGE"),
    );
    await expect(SearchEngine.open({ corpus, strategy: "batch" })).rejects.toThrow(
      failing("EW_CORPUS_TOO_LARGE"),
    );
  });
});

describe("no device at all", () => {
  it("is told apart and the host searches", async () => {
    vi.mocked(presence.whyNoHardware).mockReturnValue(undefined); // a driver's file, and no hardware behind it
    await using engine = await SearchEngine.open({ corpus });
    expect(engine.info.kind).toBe("host");
    expect(engine.info.fallbackReason).toMatch(/no Vulkan device is a hardware GPU/);
    expect(engine.searchSync(needles, { timeoutMs: patientMs(5000) }).count).toBe(2);
  });
});

describe("the command line", () => {
  const deviceAlwaysPays: SearchOverrides = {
    openEngine: (args, environment, subject) => openEngine(args, environment, subject, true),
  };
  const run = (...args: string[]): ReturnType<typeof runWith> => runWith(deviceAlwaysPays, ...args);

  async function runWith(
    overrides: SearchOverrides,
    ...args: string[]
  ): Promise<{ code: number; out: string; err: string }> {
    const { environment, out, errors } = captured({
      stderrIsTerminal: true,
      // The hint comes once a day where there is a cache to remember it.
      env: { EVERWARP_PROGRAM_CACHE: "off" },
    });
    const code = await main(["search", ...args, dir.path], environment, overrides);
    return { code, out: out(), err: errors() };
  }

  it("does not even ask for a device where one search is quicker on the host", async () => {
    pretendHardware();
    const opening = vi.spyOn(DeviceBackend, "open");
    vi.mocked(presence.whyNoHardware).mockClear();
    expect(await runWith({}, "needle")).toMatchObject({ code: 0, err: "" });
    expect(opening).not.toHaveBeenCalled();
    expect(presence.whyNoHardware).not.toHaveBeenCalled();
  });

  const failures = {
    EW_NO_VULKAN: () => vi.spyOn(DeviceBackend, "open"),
    EW_DRIVER_TOO_OLD: () => vi.spyOn(DeviceBackend, "open"),
    EW_DEVICE_FORBIDDEN: () => vi.spyOn(DeviceBackend, "open"),
    EW_OUT_OF_DEVICE_MEMORY: () => vi.spyOn(DeviceBackend.prototype, "load"),
    EW_CORPUS_TOO_LARGE: () => vi.spyOn(DeviceBackend.prototype, "load"),
    EW_DEVICE_LOST: () => vi.spyOn(DeviceBackend.prototype, "submit"),
  } as const;

  it.each(Object.keys(failures) as (keyof typeof failures)[])(
    "prints all results after %s, and one hint",
    async (code) => {
      pretendHardware();
      const failure = (): never => {
        throw new EverwarpError(code, "the device failed");
      };
      failures[code]().mockImplementation(failure);
      const found = await run("-c", "needle");
      expect(found).toEqual({
        code: 0,
        out: `${dir.path}/f:2\n`,
        err: "everwarp: the device failed; searching on the host (--device cpu is silent about it)\n",
      });
      expect(await run("-c", "--no-messages", "needle")).toMatchObject({ code: 0, err: "" });
      const insisted = await run("-c", "--strategy=batch", "needle");
      expect([insisted.code, insisted.out]).toEqual([2, ""]);
      expect(insisted.err).toContain(`the device failed [${code}]`);
    },
  );

  it("finds the same on the device, without a hint", async () => {
    pretendHardware();
    expect(await run("-c", "needle")).toEqual({ code: 0, out: `${dir.path}/f:2\n`, err: "" });
    expect(await run("--stats", "needle")).toMatchObject({
      out: expect.stringMatching(/\nstrategy: (batch|persistent)\n/) as string,
    });
  });

  it("opens no device for a few files, unless it is named", async () => {
    pretendHardware();
    const opening = vi.spyOn(DeviceBackend, "open");
    expect((await runWith({}, "--stats", "needle")).out).not.toContain("\nstrategy:");
    expect(opening).not.toHaveBeenCalled();
    expect((await runWith({}, "--stats", `--device=${index}`, "needle")).out).toContain("\nstrategy:");
  });
});

describe("an engine that is left alone", () => {
  it("gives the device back, and is there again for the next query", async () => {
    await using engine = await SearchEngine.open({ corpus, device: index });
    expect((await engine.search(needles)).count).toBe(2);
    // A resident kernel on a software driver is a thread that spins: parked, it takes nothing. Looked at in stretches
    // of half a second.
    let before = process.cpuUsage();
    await until(() => {
      const { user, system } = process.cpuUsage(before);
      before = process.cpuUsage();
      return user + system < 50_000;
    }, 500);
    expect((await engine.search(needles)).count).toBe(2);
    expect(engine.searchSync(needles, { timeoutMs: patientMs(5000) }).count).toBe(2);
  });
});

describe("opening and closing again and again", () => {
  const count = (folder: string): number => readdirSync(`/proc/self/${folder}`).length;

  it("leaves no descriptor, no thread and no handle", async () => {
    const cycle = async (device: number | "cpu"): Promise<void> => {
      const engine = await SearchEngine.open({ corpus, device, threads: 1 });
      engine.submit({ pattern: "never waited for" });
      expect((await engine.search(needles)).count).toBe(2);
      await engine.close();
    };
    for (const device of ["cpu", index] as const) {
      for (let warm = 0; warm < 3; warm++) await cycle(device);
      const before = { fd: count("fd"), task: count("task") };
      for (let round = 0; round < (device === "cpu" ? 15 : 30); round++) await cycle(device);
      expect(count("fd"), `descriptors, ${device}`).toBeLessThanOrEqual(before.fd + 2);
      expect(count("task"), `threads, ${device}`).toBeLessThanOrEqual(before.task + 2);
    }
  });

  it("leaves only what an idle engine has on its device", async () => {
    const backend = await openTestBackend({ select: index });
    const before = backend.device.liveHandles;
    for (let round = 0; round < 20; round++) {
      const loaded = await backend.load(corpus);
      const ticket = backend.submit(scanPlan([{ bytes: Buffer.from("needle"), ignoreAsciiCase: false }]), {
        corpus: loaded,
      });
      await ticket.wait();
      await loaded.unload();
    }
    expect(backend.device.liveHandles).toEqual(before);
    await backend.close();
    expect(Object.values(backend.device.liveHandles).every((live) => live === 0)).toBe(true);
  });
});
