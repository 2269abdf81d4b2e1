/** The device profile: measured once, kept, read again; and the probes behind it, on the device that is there. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { openProfiledDevice, profileOf } from "../../src/residency/device/profiled-device.ts";
import { probeClock } from "../../src/residency/probes/clock.ts";
import { probeDoorbell } from "../../src/residency/probes/doorbell.ts";
import { probeLease } from "../../src/residency/probes/lease.ts";
import { probeLoopLimit } from "../../src/residency/probes/loop-limit.ts";
import { probeNeighbours } from "../../src/residency/probes/neighbours.ts";
import { probePersistence } from "../../src/residency/probes/persistence.ts";
import { ProbeKernel } from "../../src/residency/probes/probe-kernel.ts";
import { Probe, ProbeMode } from "../../src/residency/probes/probe.schema.ts";
import { doorbellCandidates } from "../../src/residency/profile/device-facts.ts";
import { PROFILE_VERSION, residentWorkgroups } from "../../src/residency/profile/device-profile.ts";
import {
  addReadings,
  keepProfile,
  keptProfile,
  profilePath,
} from "../../src/residency/profile/kept-profile.ts";
import { COMPONENTS, GAPS } from "../../src/residency/profile/readings.ts";
import { patternWord } from "../../src/residency/reference/pattern.ts";
import { checkLayout } from "../../src/programs/index.ts";
import { readSpirv } from "../../src/spirv/module.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();

const folder = mkdtempSync(join(tmpdir(), "everwarp-profile-test-"));
let caches = 0;
beforeEach(() => {
  vi.stubEnv("XDG_CACHE_HOME", join(folder, String(caches++)));
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Opens the test device, and checks that nothing of a probe is left when the body has ended. */
async function onDevice(body: (device: Device) => Promise<void>): Promise<void> {
  using device = openTestDevice();
  await body(device);
  // Pipelines stay in the cache of programs; everything else was freed.
  const { pipeline: _, ...others } = device.liveHandles;
  expect(Object.values(others).every((count) => count === 0)).toBe(true);
}

function fileOf(device: Device): string {
  const file = profilePath(device.info);
  if (file === undefined) throw new Error("there is no folder for caches");
  return file;
}

interface Kept {
  doorbell?: object[];
  persistent?: { allowed: boolean; reason: string };
}

function withType(kept: Kept, memoryType: unknown): object {
  return { ...kept, doorbell: (kept.doorbell ?? []).map((reading) => ({ ...reading, memoryType })) };
}

function withOtherVerdict(kept: Kept): object {
  return { ...kept, persistent: { reason: "", allowed: kept.persistent?.allowed !== true } };
}

describe("the profile of an open device", () => {
  test("is measured once, however many ask", async () => {
    await onDevice(async (device) => {
      const [first, second] = await Promise.all([profileOf(device), profileOf(device)]);
      expect(second).toBe(first);
      const { submits } = device.counters;
      expect(await profileOf(device)).toBe(first);
      expect(device.counters.submits).toBe(submits);
    });
  });

  test("is kept, and read by whoever opens the device next", async () => {
    const { index } = testDeviceInfo();
    const { device, profile } = await openProfiledDevice({ select: index });
    device.close();
    expect(profile.version).toBe(PROFILE_VERSION);
    expect(JSON.parse(readFileSync(fileOf(device), "utf8"))).toEqual(JSON.parse(JSON.stringify(profile)));
    await onDevice(async (other) => {
      const { submits } = other.counters;
      expect(await profileOf(other)).toEqual(JSON.parse(JSON.stringify(profile)));
      expect(other.counters.submits).toBe(submits); // nothing was measured
      const fresh = await profileOf(other, { fresh: true });
      expect(other.counters.submits).toBeGreaterThan(submits);
      expect(fresh.loopLimit).toBe(profile.loopLimit);
    });
  });

  test("tells what leases are counted with, and leaves the upload memory that was seen to serve", async () => {
    await onDevice(async (device) => {
      const profile = await profileOf(device);
      const doorbell = profile.doorbell.at(-1);
      expect(doorbell?.isSeen).toBe(true);
      expect(device.memoryTypes.upload).toBe(doorbell?.memoryType);
      expect(profile.clockTicksPerMs === undefined).toBe(!device.info.features.includes("shaderDeviceClock"));
      expect(profile.pollsPerMs === undefined || profile.pollsPerMs > 1).toBe(true);
      expect(profile.persistent.reason).toMatch(/\w/);
      if (profile.loopLimit !== undefined) expect(profile.persistent.allowed).toBe(false);
    });
  });

  test.each([
    ["of another version", '{"version": 2}'],
    ["cut short", '{"version": 3, "doorb'],
    ["empty", ""],
  ])("a file %s is measured again", async (_, text) => {
    await onDevice(async (device) => {
      await profileOf(device);
      writeFileSync(fileOf(device), text);
      await onDevice(async (other) => {
        expect((await profileOf(other)).version).toBe(PROFILE_VERSION);
      });
      expect(keptProfile(device.info)?.version).toBe(PROFILE_VERSION);
    });
  });

  test.each([
    ["null for a whole", () => null],
    ["nothing but its version", () => ({ version: PROFILE_VERSION })],
    ["nulls", (kept: object) => Object.fromEntries(Object.keys(kept).map((name) => [name, null]))],
    ["null doorbells", (kept: object) => ({ ...kept, version: PROFILE_VERSION, doorbell: [null] })],
    ["no doorbell at all", (kept: object) => ({ ...kept, doorbell: [] })],
    ["a memory type that the device has not got", (kept: object) => withType(kept, 99)],
    ["a memory type that is no number", (kept: object) => withType(kept, "0")],
    ["a loop limit of 0", (kept: object) => ({ ...kept, loopLimit: 0 })],
    ["a date that is none", (kept: object) => ({ ...kept, measuredAt: "yesterday" })],
    ["another device's name", (kept: object) => ({ ...kept, deviceName: "another" })],
    ["leave to stay that does not follow", (kept: object) => withOtherVerdict(kept)],
  ])("a profile with %s is measured again, and kept", async (_, change) => {
    await onDevice(async (device) => {
      await profileOf(device);
      const kept = JSON.parse(readFileSync(fileOf(device), "utf8")) as object;
      writeFileSync(fileOf(device), JSON.stringify(change(kept)));
      await onDevice(async (other) => {
        const { submits } = other.counters;
        const { doorbell } = await profileOf(other);
        expect(other.counters.submits).toBeGreaterThan(submits);
        expect(doorbell.at(-1)?.isSeen).toBe(true);
        expect(JSON.parse(readFileSync(fileOf(device), "utf8"))).toMatchObject({ version: PROFILE_VERSION });
        expect(keptProfile(device.info)?.doorbell).toEqual(JSON.parse(JSON.stringify(doorbell)));
      });
    });
  });

  test("what stands in the file's place is neither waited for nor followed for ever", async () => {
    await onDevice(async (device) => {
      await profileOf(device);
      const file = fileOf(device);
      rmSync(file);
      execFileSync("mkfifo", [file]);
      expect(keptProfile(device.info)).toBeUndefined();
      rmSync(file);
      symlinkSync(file, file);
      expect(keptProfile(device.info)).toBeUndefined();
    });
  });

  test("the file is for its user alone, and nothing lies beside it", async () => {
    await onDevice(async (device) => {
      const before = process.umask(0);
      await profileOf(device);
      process.umask(before);
      expect(statSync(fileOf(device)).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(fileOf(device))).mode & 0o777).toBe(0o700);
      expect(readdirSync(dirname(fileOf(device)))).toEqual([basename(fileOf(device))]);
    });
  });

  test("readings of the doctor that make no sense are left out", async () => {
    await onDevice(async (device) => {
      await profileOf(device);
      const kept = JSON.parse(readFileSync(fileOf(device), "utf8")) as object;
      const lease = { survivedMs: 5, limit: "none" };
      const doctor = { occupancy: [null], lease, persistence: 7, neighbours: null, other: 1 };
      writeFileSync(fileOf(device), JSON.stringify({ ...kept, doctor }));
      expect(keptProfile(device.info)?.doctor).toEqual({ lease });
    });
  });

  test("a cache that cannot be written is no reason to say anything: the doctor asks for it", async () => {
    const file = join(folder, "no folder");
    writeFileSync(file, "");
    vi.stubEnv("XDG_CACHE_HOME", file);
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    await onDevice(async (device) => {
      const profile = await profileOf(device);
      expect(profile.version).toBe(PROFILE_VERSION);
      expect(existsSync(fileOf(device))).toBe(false);
      expect(keepProfile(device.info, profile)).toMatch(/no folder.*E[A-Z]+/);
    });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test("what failed is tried again by the next who asks", async () => {
    using device = openTestDevice();
    vi.spyOn(device, "createBuffer").mockImplementationOnce(() => {
      throw new Error("no memory today");
    });
    await expect(profileOf(device)).rejects.toThrow("no memory today");
    expect((await profileOf(device)).version).toBe(PROFILE_VERSION);
    vi.restoreAllMocks();
  });

  test("readings of the doctor are added, and those of before stay", async () => {
    await onDevice(async (device) => {
      expect(addReadings(device.info, { occupancy: [] })).toBeUndefined(); // nothing to add to
      await profileOf(device);
      const occupancy = [64, 256, 1024].map((workgroupSize) => ({
        workgroupSize,
        workgroupCount: 8192 / workgroupSize,
        isSettled: true,
      }));
      addReadings(device.info, { occupancy, traces: { pid: 1, variant: 2, creationUs: 3 } });
      addReadings(device.info, { lease: { survivedMs: 5, lostAtMs: undefined, limit: "none" } });
      const profile = keptProfile(device.info);
      expect(Object.keys(profile?.doctor ?? {})).toEqual(["occupancy", "lease"]); // traces are of no use to anybody
      if (profile === undefined) throw new Error("the profile is gone");
      expect([32, 64, 65, 512, 1024, 2048].map((size) => residentWorkgroups(profile, size))).toEqual([
        128,
        128,
        32,
        8,
        8,
        undefined,
      ]);
    });
  });
});

describe("probes", () => {
  test("loops: as many rounds as the driver allows, and a loop below the limit is whole", async () => {
    await onDevice(async (device) => {
      expect(await probeLoopLimit(device, 1_000)).toBe(1_000);
      const rounds = await probeLoopLimit(device, 70_000);
      expect(rounds === 70_000 || rounds === 65_535).toBe(true);
    });
  });

  test("the clock goes as fast the second time", async () => {
    await onDevice(async (device) => {
      const first = await probeClock(device);
      const second = await probeClock(device);
      expect(first === undefined).toBe(!device.info.features.includes("shaderDeviceClock"));
      if (first === undefined || second === undefined) return;
      const off = Math.abs(first.ticksPerMs / second.ticksPerMs - 1);
      expect(off).toBeLessThanOrEqual(first.errorShare + second.errorShare);
    });
  });

  test("the litmus: every type that could hold doorbells is answered for", async () => {
    await onDevice(async (device) => {
      const rounds = await probeLoopLimit(device, 70_000);
      const candidates = doorbellCandidates(device);
      expect(candidates[0]).toBe(device.memoryTypes.upload);
      expect(new Set(candidates).size).toBe(candidates.length);
      for (const isWatched of [false, true]) {
        const reading = await probeDoorbell(device, {
          loopLimit: rounds < 70_000 ? rounds : undefined,
          isWatched,
        });
        expect(reading).toMatchObject({ memoryType: device.memoryTypes.upload, isSeen: true, rounds: 64 });
      }
    });
  });

  test("a kernel that is told to end ends, and its launch counts for what it was", async () => {
    await onDevice(async (device) => {
      using kernel = await ProbeKernel.open(device, "stay");
      kernel.end();
      kernel.run({ limit: 60_000, value: 7 });
      expect([...kernel.answer.subarray(0, 2)]).toEqual([0, 7]);
      kernel.allow();
      kernel.run({ limit: 500, value: 8 });
      expect([...kernel.answer.subarray(0, 2)]).toEqual([500, 8]);
    });
  });

  test("a lease that is lost is told with the length it had", async () => {
    using device = openTestDevice();
    let launches = 0;
    const submit = device.queue.submit.bind(device.queue);
    vi.spyOn(device.queue, "submit").mockImplementation((...args) => {
      if (++launches > 2) throw new EverwarpError("EW_DEVICE_LOST", "the watchdog barked");
      submit(...args);
    });
    const reading = await probeLease(device, { isLong: false, loopLimit: undefined });
    expect(launches).toBe(3);
    expect(reading.lostAtMs).toBeGreaterThanOrEqual(5);
    expect(reading.survivedMs).toBeGreaterThan(0);
    expect(reading.limit).toContain("the watchdog barked");
    vi.restoreAllMocks();
  });

  test("the pattern's reference writes what the kernel writes", async () => {
    await onDevice(async (device) => {
      using kernel = await ProbeKernel.open(device, "traffic");
      using memory = device.createBuffer({ role: "readback", sizeBytes: 4096 * 4 });
      const values = { target: memory.address, count: 1024, limit: 64, value: 0xdead_beef };
      kernel.run({ ...values, mode: ProbeMode.WRITE }, 3);
      const expected = Uint32Array.from({ length: 4096 }, (_, index) => patternWord(index, 0xdead_beef));
      const words = new Uint32Array(memory.host);
      expect(words).toEqual(expected);
      words[17] = words[17] === 0 ? 1 : 0;
      kernel.run({ ...values, mode: ProbeMode.COUNT }, 3);
      expect(kernel.answer[0]).toBe(4095);
      kernel.answer[0] = 0;
      kernel.run({ ...values, mode: ProbeMode.READ }, 3);
      expect(kernel.answer[0]).toBe(words.reduce((sum, word) => (sum + word) >>> 0, 0));
    });
  });

  test("side by side: kernels on one and the same queue are not taken for neighbours", async () => {
    await onDevice(async (device) => {
      const leases = [1, 2, 3];
      vi.spyOn(device, "leaseComputeQueue").mockImplementation(() => {
        const release = (): void => undefined;
        return leases.pop() === undefined
          ? undefined
          : { queue: device.queue, release, [Symbol.dispose]: release };
      });
      const rounds = await probeLoopLimit(device, 70_000);
      const loopLimit = rounds < 70_000 ? rounds : undefined;
      expect(await probeNeighbours(device, loopLimit)).toEqual({ queues: 3, together: 1, isMainFree: false });
      vi.restoreAllMocks();
    });
  });

  test("without timestamps the table says what was not measured, and the rest is there", async () => {
    await onDevice(async (device) => {
      Object.defineProperty(device.queue, "timestampBits", { value: 0 });
      const rows = await probePersistence(device, undefined);
      expect(rows.map(({ component }) => component)).toEqual([...COMPONENTS]);
      for (const { component, cells, costUs, cost } of rows) {
        expect(cells.map(({ gap }) => gap)).toEqual([...GAPS]);
        const isTimed = !["registers", "shared memory", "L2 contents"].includes(component);
        expect([component, costUs !== undefined, cost.includes("no timestamps")]).toEqual([
          component,
          isTimed,
          !isTimed,
        ]);
        for (const { gap, persists, seen } of cells) {
          if (component === "L2 contents" && gap !== "process")
            expect([persists, seen]).toEqual(["unknown", expect.stringContaining("no timestamps")]);
          // One process did all of it.
          if (["device memory", "mapped memory"].includes(component))
            expect(persists).toBe(gap === "process" ? "unknown" : "yes");
        }
      }
    });
  });

  test("memory that changed between two dispatches would be seen", async () => {
    await onDevice(async (device) => {
      using kernel = await ProbeKernel.open(device, "traffic");
      using memory = device.createBuffer({ role: "device", sizeBytes: 4096 * 4 });
      const values = { target: memory.address, count: 1024, limit: 64, value: 5 };
      kernel.run({ ...values, mode: ProbeMode.WRITE });
      device.run((recorder) => recorder.fill(memory, 64, 32, 0));
      kernel.run({ ...values, mode: ProbeMode.COUNT });
      expect(kernel.answer[0]).toBe(4096 - 8);
    });
  });

  test("kernels and host agree about the constants", async () => {
    await onDevice(async (device) => {
      for (const name of ["touch", "stay", "occupancy", "traffic", "remains"]) {
        using kernel = await ProbeKernel.open(device, name);
        expect(() => checkLayout(readSpirv(kernel.program.program.spirv), Probe, "Probe")).not.toThrow();
      }
    });
  });
});
