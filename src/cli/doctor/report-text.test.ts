/** The report for people: what was found, and what was not, each on a line of its own. */
import { describe, expect, test } from "vitest";
import { PROBE_NAMES } from "../../residency/probes/catalogue.ts";
import type { ProbeName } from "../../residency/profile/readings.ts";
import type { DeviceReport, ProbeStatus, Report } from "./examine.ts";
import { reportText } from "./report-text.ts";

const machine: Report["machine"] = {
  everwarp: "1.2.3",
  node: "v20.20.0",
  os: "Linux 6 x64",
  cpu: "a CPU",
  coreCount: 4,
  memoryBytes: 8 * 2 ** 30,
  devices: [],
  noDevices: undefined,
};

function deviceWith(status: ProbeStatus, parts: Partial<DeviceReport> = {}): DeviceReport {
  return {
    index: 0,
    name: "a device",
    type: "discrete",
    driver: "a driver 1.0",
    apiVersion: "1.3.0",
    memoryBytes: 2 ** 34,
    computeUnits: 132,
    computeQueues: 24,
    profileFile: "/nonexistent/profiles/0.json",
    cardKey: "0123456789abcdef",
    profileProblem: undefined,
    profile: {
      version: 3,
      deviceName: "a device",
      driverInfo: "1.0",
      measuredAt: "2026-01-01T00:00:00.000Z",
      loopLimit: undefined,
      clockTicksPerMs: 1_000_000,
      doorbell: [],
      persistent: { allowed: true, reason: "it was seen" },
    },
    problem: undefined,
    probes: Object.fromEntries(PROBE_NAMES.map((name) => [name, status])) as Record<ProbeName, ProbeStatus>,
    readings: {},
    ...parts,
  };
}

const textOf = (device: DeviceReport): string =>
  reportText({
    version: 3,
    machine,
    devices: [device],
    forbiddenNodes: [],
    cardUsers: [],
    search: "the host engine",
  });

describe("a device", () => {
  test("with probes that failed has a line for each, with the reason", () => {
    const text = textOf(deviceWith({ status: "failed", reason: "it did not end within 20 s [EW_TIMEOUT]" }));
    for (const title of [
      "memory",
      "doorbell",
      "workgroups",
      "side by side",
      "longest lease",
      "dispatch",
      "round trip",
      "persistence",
    ])
      expect(text).toContain(`  ${title}`.padEnd(16) + "failed: it did not end within 20 s [EW_TIMEOUT]\n");
  });

  test("that cannot be used has its reason and nothing else", () => {
    const text = textOf(
      deviceWith({ status: "skipped" }, { profile: undefined, problem: "its driver lacks shaderInt64" }),
    );
    expect(text).toContain("  unusable      its driver lacks shaderInt64\n");
    expect(text).not.toContain("longest lease");
  });

  test("shows numbers with units, in columns", () => {
    const readings: DeviceReport["readings"] = {
      occupancy: [
        { workgroupSize: 64, workgroupCount: 4224, isSettled: true },
        { workgroupSize: 1024, workgroupCount: 264, isSettled: false },
      ],
      neighbours: { queues: 8, together: 7, isMainFree: false },
      lease: { survivedMs: 1003.2, lostAtMs: 3000, limit: "the device was lost" },
      doorbells: [
        { memoryType: 4, isSeen: true, rounds: 64, p50Us: 2.6, p99Us: 3.1 },
        { memoryType: 12, isSeen: false, rounds: 1, p50Us: 0, p99Us: 0 },
      ],
      persistence: [
        {
          component: "shared memory",
          lifetime: "one workgroup",
          cells: [
            { gap: "dispatch", persists: "by chance", seen: "7 of 9 words survived" },
            { gap: "submission", persists: "by chance", seen: "7 of 9 words survived" },
            { gap: "process", persists: "no", seen: "0 of 9 words survived" },
          ],
          costUs: 12.34,
          cost: "read it again",
        },
      ],
    };
    const text = textOf(deviceWith({ status: "measured" }, { readings }));
    expect(text).toContain(
      "  workgroups    of 64    4224 together\n                of 1024  at least 264 together\n",
    );
    expect(text).toContain(
      "  side by side  7 resident kernels on 8 leased queues; the main queue waits beside them\n",
    );
    expect(text).toContain("  longest lease 1003 ms; one of 3000 ms was lost: the device was lost\n");
    expect(text).toContain(
      "  doorbell      type 4   seen by a running kernel: p50 2.6 µs, p99 3.1 µs\n                type 12  not seen by a running kernel\n",
    );
    expect(text).toContain("after dispatch, submission  by chance: 7 of 9 words survived\n");
    expect(text).toContain("after process               no: 0 of 9 words survived\n");
    expect(text).toContain("cost                        12.3 µs: read it again\n");
  });
});

test("nodes that may not be opened, and a machine without Vulkan", () => {
  const text = reportText({
    version: 3,
    cardUsers: [{ process: 4312, name: "python3" }],
    machine: { ...machine, noDevices: "there is no Vulkan loader" },
    devices: [],
    forbiddenNodes: ["/dev/dri/renderD128"],
    search: "the host engine",
  });
  expect(text).toContain("Vulkan          there is no Vulkan loader\n");
  expect(text).toContain("GPUs used by    python3 (process 4312)\n");
  expect(text).toContain("not allowed     /dev/dri/renderD128: this user may not open them");
});
