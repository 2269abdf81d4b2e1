/** `everwarp doctor` as its users call it: every probe is a line of the report, and one that fails or hangs takes no other with it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { EverwarpError } from "../../src/base/errors.ts";
import { main } from "../../src/cli/command-line.ts";
import { run as runDoctor } from "../../src/cli/commands/doctor.ts";
import { runChild, StuckProcessError } from "../../src/threads/child-process.ts";
import type { DeviceReport, Report } from "../../src/cli/doctor/examine.ts";
import { type ProbeCall, type ProbeRunner, runProbe } from "../../src/cli/doctor/probe-run.ts";
import { DOCTOR_PROBES, PROBE_NAMES } from "../../src/residency/probes/catalogue.ts";
import { PROFILE_VERSION } from "../../src/residency/profile/device-profile.ts";
import { COMPONENTS, GAPS } from "../../src/residency/profile/readings.ts";
import { STRATEGY_NAMES } from "../../src/residency/strategies/strategy-name.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { spawned } from "../support/cli.ts";
import { captured } from "../support/environment.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const cache = mkdtempSync(join(tmpdir(), "everwarp-doctor-test-"));
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const device = testDeviceInfo();

/** The report of a real process, with a process for every probe. */
async function reportOfProcess(args: readonly string[], env: Record<string, string> = {}): Promise<Report> {
  const { code, stdout, stderr } = await doctorProcess(["--json", ...args], env);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Report;
}

async function doctorProcess(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = await bundledCommandLine();
  const drivers = process.env["VK_DRIVER_FILES"];
  const { code, stdout, stderr } = spawned(process.execPath, [program, "doctor", ...args], tmpdir(), {
    env: { XDG_CACHE_HOME: cache, ...(drivers === undefined ? {} : { VK_DRIVER_FILES: drivers }), ...env },
  });
  return { code, stdout: stdout.toString("utf8"), stderr };
}

/** The report on the test device, with probes of the test's own. */
async function reportWith(runner: ProbeRunner): Promise<DeviceReport> {
  const { environment, out } = captured();
  expect(await runDoctor(["--json", "--fresh"], environment, { runProbe: runner })).toBe(0);
  const found = (JSON.parse(out()) as Report).devices[device.index];
  if (found === undefined) throw new Error("the test device is not in the report");
  return found;
}

describe("a real process", () => {
  let report: Report;
  beforeAll(async () => {
    report = await reportOfProcess(["--fresh"]);
  });

  test("every probe was measured, and found what it should", () => {
    const found = report.devices[device.index];
    if (found === undefined) throw new Error("the test device is not in the report");
    for (const name of PROBE_NAMES) expect([name, found.probes[name].reason]).toEqual([name, undefined]);
    const { memory, doorbells, occupancy, neighbours, lease, dispatchCost, roundTrips, persistence } =
      found.readings;
    expect(memory?.map(({ role }) => role)).toEqual(["device", "upload", "readback", "staging"]);
    expect(doorbells?.length).toBeGreaterThan(0);
    expect(occupancy?.map(({ workgroupSize }) => workgroupSize)).toEqual([64, 256, 1024]);
    for (const { workgroupCount } of occupancy ?? []) expect(workgroupCount).toBeGreaterThan(0);
    expect(neighbours?.together).toBeLessThanOrEqual(neighbours?.queues ?? 0);
    expect(lease?.survivedMs).toBeGreaterThan(0);
    expect(lease?.lostAtMs).toBeUndefined();
    for (const times of Object.values(dispatchCost ?? {}))
      expect(times.p99Us).toBeGreaterThanOrEqual(times.p50Us);
    expect(roundTrips?.map(({ strategy }) => strategy)).toEqual([...STRATEGY_NAMES]);
    for (const { times, reason } of roundTrips ?? [])
      expect((times === undefined) === (reason === undefined)).toBe(false);
    expect(persistence?.map(({ component }) => component)).toEqual([...COMPONENTS]);
    for (const { cells } of persistence ?? []) expect(cells.map(({ gap }) => gap)).toEqual([...GAPS]);
  });

  test("what is promised persists, and another process's memory is not found", () => {
    const rows = report.devices[device.index]?.readings.persistence ?? [];
    const verdict = (component: string): string[] =>
      rows.find((row) => row.component === component)?.cells.map(({ persists }) => persists) ?? [];
    expect(verdict("device memory").slice(0, 2)).toEqual(["yes", "yes"]);
    expect(verdict("mapped memory").slice(0, 2)).toEqual(["yes", "yes"]);
    expect(verdict("pipelines")).toEqual(["yes", "yes", "no"]);
    // Each probe had a process of its own, so all could be asked but what no driver tells.
    for (const component of ["registers", "shared memory", "device memory", "driver's disk cache"]) {
      expect([component, verdict(component)[2]]).not.toEqual([component, "unknown"]);
    }
  });

  test("it is all in the profile, and read from there the next time", async () => {
    const first = report.devices[device.index];
    const kept = JSON.parse(readFileSync(first?.profileFile ?? "", "utf8")) as DeviceReport["profile"];
    expect(kept).toEqual(first?.profile);
    expect(kept?.version).toBe(PROFILE_VERSION);
    expect(Object.keys(kept?.doctor ?? {}).toSorted()).toEqual(
      PROBE_NAMES.filter((name) => name !== "traces").toSorted(),
    );
    const again = (await reportOfProcess([])).devices[device.index];
    for (const name of PROBE_NAMES) expect(again?.probes[name]).toEqual({ status: "kept" });
    expect(again?.readings).toEqual(kept?.doctor);
  });

  test("the document has the fields that programs rely on", () => {
    expect(Object.keys(report)).toEqual([
      "version",
      "machine",
      "devices",
      "forbiddenNodes",
      "cardUsers",
      "search",
    ]);
    expect(report.version).toBe(3);
    const { profile, probes, readings, ...plain } = report.devices[device.index] as DeviceReport;
    expect(Object.keys(plain).toSorted()).toEqual(
      // computeUnits, problem and profileProblem are left out where there is nothing to tell
      [
        "index",
        "name",
        "type",
        "driver",
        "apiVersion",
        "memoryBytes",
        "computeUnits",
        "computeQueues",
        "profileFile",
        "cardKey",
      ]
        .filter((name) => name !== "computeUnits" || device.computeUnits !== undefined)
        .toSorted(),
    );
    expect(Object.keys(probes)).toEqual([...PROBE_NAMES]);
    expect(Object.keys(readings).toSorted()).toEqual([...PROBE_NAMES].toSorted());
    expect(profile).toMatchObject({ persistent: { reason: expect.stringMatching(/\w/) as string } });
    expect(Object.keys(readings.dispatchCost ?? {})).toEqual([
      "record",
      "submit",
      "fenceWait",
      "answerSeen",
      "fencePoll",
      "fenceReset",
    ]);
    expect(Object.keys(readings.persistence?.[0] ?? {})).toEqual([
      "component",
      "lifetime",
      "cells",
      "costUs",
      "cost",
    ]);
    expect(report.search).toMatch(/host engine|kernel|dispatches/);
  });

  test("people read every row of it", async () => {
    const { code, stdout } = await doctorProcess([], {});
    expect(code).toBe(0);
    expect(stdout).toContain(device.name);
    for (const title of [
      "persistent",
      "loops",
      "clock",
      "polls",
      "memory",
      "doorbell",
      "workgroups",
      "side by side",
      "longest lease",
      "dispatch",
      "round trip",
      "persistence",
      "profile",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${title} +\\S`, "m"));
    for (const name of [...STRATEGY_NAMES, ...COMPONENTS]) expect(stdout).toContain(name);
    expect(stdout).not.toMatch(/undefined|NaN|\[object/);
    for (const line of stdout.split("\n")) expect(line).toBe(line.trimEnd());
  });

  test("probes that die with their processes are lines of the report", async () => {
    const empty = join(cache, "killed");
    // Few probes submit that often: those are killed in the middle of their work, in their own processes.
    const broken = await reportOfProcess([], {
      XDG_CACHE_HOME: empty,
      EVERWARP_ALLOW_FAULTS: "1",
      EVERWARP_FAULT: "kill@submit:200",
    });
    const { probes, readings } = broken.devices[device.index] as DeviceReport;
    expect(probes.dispatchCost).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("SIGKILL") as string,
    });
    expect(readings.dispatchCost).toBeUndefined();
    for (const name of ["memory", "doorbells", "occupancy", "persistence", "lease"] as const)
      expect([name, probes[name].reason]).toEqual([name, undefined]);
    // What failed is tried again, what was found is not.
    const mended = (await reportOfProcess([], { XDG_CACHE_HOME: empty })).devices[device.index];
    expect(mended?.probes.dispatchCost.status).toBe("measured");
    expect(mended?.probes.memory.status).toBe("kept");
  });

  test("a device that is lost under a probe is told with its code", async () => {
    const broken = await reportOfProcess([], {
      XDG_CACHE_HOME: join(cache, "lost"),
      EVERWARP_ALLOW_FAULTS: "1",
      EVERWARP_FAULT: "device-lost@submit:200+",
    });
    const { probes } = broken.devices[device.index] as DeviceReport;
    expect(probes.dispatchCost).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("EW_DEVICE_LOST") as string,
    });
    expect(probes.lease.status).toBe("measured");
  });
});

describe("probes of the test's own", () => {
  /** What needs no device, for all but the probes under test. */
  const others: ProbeRunner = async (call) => {
    if (call.name !== "profile") return await Promise.resolve({ of: call.name });
    vi.stubEnv("XDG_CACHE_HOME", join(cache, "own"));
    return await runProbe({ ...call, isFresh: false });
  };
  const failing =
    (name: string, fail: (call: ProbeCall) => Promise<unknown>): ProbeRunner =>
    (call) =>
      call.name === name ? fail(call) : others(call);

  test.each(PROBE_NAMES)("%s throws: the others are there", async (name) => {
    const { probes, readings } = await reportWith(
      failing(name, () => Promise.reject(new EverwarpError("EW_TIMEOUT", "it is Tuesday"))),
    );
    expect(probes[name]).toMatchObject({ status: "failed", reason: "it is Tuesday [EW_TIMEOUT]" });
    expect(Object.keys(readings).toSorted()).toEqual(
      PROBE_NAMES.filter((other) => other !== name).toSorted(),
    );
  });

  test("one that hangs is ended after its time, and the others are there", async () => {
    const { probes } = await reportWith(
      failing("occupancy", () => runChild(process.execPath, ["-e", "for (;;);"], 400)),
    );
    expect(probes.occupancy).toMatchObject({
      status: "failed",
      reason: "it did not end within 0.4 s [EW_TIMEOUT]",
    });
    for (const name of PROBE_NAMES) if (name !== "occupancy") expect(probes[name].status).toBe("measured");
  });

  test("after one that cannot even be killed nothing more is asked of the device", async () => {
    const { probes } = await reportWith(
      failing("roundTrips", () =>
        Promise.reject(new StuckProcessError("EW_TIMEOUT", "it could not be killed")),
      ),
    );
    const at = PROBE_NAMES.indexOf("roundTrips");
    for (const name of PROBE_NAMES.slice(0, at)) expect(probes[name].status).toBe("measured");
    for (const name of PROBE_NAMES.slice(at + 1)) {
      expect(probes[name]).toEqual({
        status: "skipped",
        reason: "the probe roundTrips hangs, and holds the device",
      });
    }
  });

  test("a device that cannot be opened is unusable, with its reason", async () => {
    const report = await reportWith(
      failing("profile", () => Promise.reject(new EverwarpError("EW_DRIVER_TOO_OLD", "it lacks everything"))),
    );
    expect(report.problem).toBe("it lacks everything [EW_DRIVER_TOO_OLD]");
    expect(report.profile).toBeUndefined();
    for (const name of PROBE_NAMES) expect(report.probes[name].status).toBe("skipped");
  });

  test("what one process left is handed to the next one", async () => {
    const calls: ProbeCall[] = [];
    await reportWith((call) => {
      calls.push(call);
      return others(call);
    });
    expect(calls.find(({ name }) => name === "persistence")?.traces).toEqual({ of: "traces" });
    expect(calls.find(({ name }) => name === "lease")?.name).toBe("lease");
  });
});

test("a probe has a limit that is below a minute or two", () => {
  for (const { timeoutMs } of Object.values(DOCTOR_PROBES)) {
    expect(timeoutMs).toBeGreaterThan(0);
    expect(timeoutMs).toBeLessThanOrEqual(60_000);
  }
});

test("an option that is not known is told", async () => {
  const { environment, errors } = captured();
  const code = await main(["doctor", "--fast"], environment);
  expect(code).toBe(2);
  expect(errors()).toContain("EW_BAD_ARGUMENT");
});
