/**
 * `everwarp doctor`: what this machine offers, and what will be used of it.
 *
 * Each device is opened in a process of its own, with a time limit: a driver that hangs or crashes is a line of the report.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EverwarpError } from "../../base/errors.ts";
import { type DeviceProfile, openProfiledDevice, profilePath } from "../../residency/profile.ts";
import { whyNoHardware } from "../../search/engine/vulkan-presence.ts";
import { forbiddenNodes } from "../../vulkan/device-nodes.ts";
import { type Device, type DeviceInfo, listDevices } from "../../vulkan/index.ts";
import { launchEcho } from "../bench/echo.ts";
import { describeMachine, type Machine } from "../bench/machine.ts";
import type { Environment } from "../flags/environment.ts";

const USAGE = `everwarp doctor [--json] [--fresh]

Shows what this machine offers: Vulkan, its devices, and what was measured of each.

  --fresh  measure every device again, instead of reading its profile
  --json   one JSON document
`;

/** More than any probe takes that ends well. */
const PROBE_TIMEOUT_MS = 30_000;
const MIB = 2 ** 20;

/** What was found out by opening a device. */
interface Probe {
  readonly profile: DeviceProfile;
  /** Workgroups of 512 threads (one thread of a software driver's pool) that stay resident together; undefined where none may. */
  readonly residentWorkgroupCount: number | undefined;
  readonly doorbellMemory: string;
}

interface DeviceReport {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly driver: string;
  readonly apiVersion: string;
  readonly memoryBytes: number;
  readonly computeUnits: number | undefined;
  readonly profileFile: string;
  readonly probe: Probe | undefined;
  /** Why it cannot be used. */
  readonly problem: string | undefined;
}

interface Report {
  readonly machine: Machine;
  readonly devices: readonly DeviceReport[];
  /** Device files of GPUs that this user may not open. */
  readonly forbiddenNodes: readonly string[];
  /** What a search on this machine runs on when nothing else is asked for, and why. */
  readonly search: string;
}

/** @returns the exit code: 0, also where there is no device; 2 for options that are not understood */
export async function run(argv: readonly string[], environment: Environment): Promise<number> {
  const { values } = readOptions(argv);
  const print = (text: string): void => environment.writeOut(Buffer.from(text));
  if (values.help === true) {
    print(USAGE);
    return 0;
  }
  const fresh = values.fresh === true;
  if (values.probe !== undefined) {
    print(JSON.stringify(await probe(Number(values.probe), fresh)));
    return 0;
  }
  const report = await examine(fresh);
  print(values.json === true ? `${JSON.stringify(report, undefined, 1)}\n` : reportText(report));
  return 0;
}

async function examine(fresh: boolean): Promise<Report> {
  const machine = describeMachine();
  const devices: DeviceReport[] = [];
  for (const info of machine.noDevices === undefined ? listDevices() : []) {
    devices.push(await examineDevice(info, fresh));
  }
  return { machine, devices, forbiddenNodes: forbiddenNodes(), search: searchRunsOn(devices, machine) };
}

async function examineDevice(info: DeviceInfo, fresh: boolean): Promise<DeviceReport> {
  let found: Probe | undefined;
  let problem: string | undefined;
  if (info.missing.length > 0) problem = `its driver lacks ${info.missing.join(", ")}`;
  else {
    try {
      found = await probeApart(info.index, fresh);
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      problem = `${error.message} [${error.code}]`;
    }
  }
  return {
    index: info.index,
    name: info.name,
    type: info.type,
    driver: `${info.driverName} ${info.driverInfo}`,
    apiVersion: info.apiVersion,
    memoryBytes: Math.max(
      0,
      ...info.memoryHeaps.filter(({ deviceLocal }) => deviceLocal).map(({ sizeBytes }) => sizeBytes),
    ),
    computeUnits: info.computeUnits,
    profileFile: profilePath(info),
    probe: found,
    problem,
  };
}

/** Runs `probe` in a process of its own. From source there is no bundle to run, so it is done here. */
function probeApart(index: number, fresh: boolean): Promise<Probe> {
  const bundle = fileURLToPath(import.meta.url);
  if (!bundle.endsWith(".cjs")) return probe(index, fresh);
  const args = [bundle, "doctor", "--probe", String(index), ...(fresh ? ["--fresh"] : [])];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { timeout: PROBE_TIMEOUT_MS, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        if (error === null) return resolve(JSON.parse(stdout) as Probe);
        const reason = error.killed
          ? `it did not answer within ${PROBE_TIMEOUT_MS / 1000} s`
          : `opening it failed: ${stderr.trim().split("\n").at(-1) || (error.signal ?? "no message")}`;
        reject(new EverwarpError("EW_NO_DEVICE", reason));
      },
    );
  });
}

/** Opens a device, measures it where that was not done before, and asks how much of it a kernel can hold. */
async function probe(index: number, fresh: boolean): Promise<Probe> {
  const { device, profile } = await openProfiledDevice({ select: index, fresh });
  using opened = device;
  const type = opened.info.memoryTypes[opened.memoryTypes.doorbell];
  const heapBytes = opened.info.memoryHeaps[type?.heapIndex ?? 0]?.sizeBytes ?? 0;
  return {
    profile,
    residentWorkgroupCount: profile.persistent.allowed ? await countResident(opened, profile) : undefined,
    doorbellMemory: `type ${type?.index}, ${type?.deviceLocal === true ? "on the device" : "in host memory"}, heap of ${Math.round(heapBytes / MIB)} MiB`,
  };
}

async function countResident(device: Device, profile: DeviceProfile): Promise<number> {
  await using echo = await launchEcho(device, profile, "persistent", true);
  return echo.workgroupCount;
}

function searchRunsOn(devices: readonly DeviceReport[], machine: Machine): string {
  const host = `the host engine, ${machine.coreCount} threads`;
  const reason = whyNoHardware() ?? machine.noDevices;
  if (reason !== undefined) return `${host} (${reason})`;
  const hardware = devices.find(({ type, probe: found }) => type !== "cpu" && found !== undefined);
  if (hardware === undefined) return `${host} (no hardware GPU can be opened)`;
  const isPersistent = hardware.probe?.profile.persistent.allowed === true;
  return `${hardware.name}, ${isPersistent ? "a resident kernel" : "batches of dispatches"}`;
}

function reportText({ machine, devices, forbiddenNodes: forbidden, search }: Report): string {
  const lines: [name: string, text: string][] = [
    ["everwarp", machine.everwarp],
    ["Node", `${machine.node} on ${machine.os}`],
    ["CPU", `${machine.cpu}, ${machine.coreCount} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`],
    ["Vulkan", machine.noDevices ?? `${devices.length} ${devices.length === 1 ? "device" : "devices"}`],
  ];
  if (forbidden.length > 0)
    lines.push([
      "not allowed",
      `${forbidden.join(", ")}: this user may not open them (group render or video)`,
    ]);
  for (const device of devices) lines.push(...deviceLines(device));
  lines.push(["", ""], ["search uses", search]);
  return lines.map(([name, text]) => `${name.padEnd(16)}${text}`.trimEnd() + "\n").join("");
}

function deviceLines(device: DeviceReport): [name: string, text: string][] {
  const { index, name, type, driver, apiVersion, memoryBytes, computeUnits, profileFile } = device;
  const units = computeUnits === undefined ? "" : `, ${computeUnits} compute units`;
  const lines: [name: string, text: string][] = [
    ["", ""],
    [
      `device ${index}`,
      `${name} (${type === "cpu" ? "software" : type}), ${Math.round(memoryBytes / MIB)} MiB${units}`,
    ],
    ["  driver", `${driver}, Vulkan ${apiVersion}`],
  ];
  const { probe: found, problem } = device;
  if (found === undefined) return [...lines, ["  unusable", problem ?? "no reason is known"]];
  const { profile, residentWorkgroupCount, doorbellMemory } = found;
  const { persistent, doorbell, loopLimit, measuredAt } = profile;
  const reading = doorbell.at(-1);
  lines.push(
    ["  persistent", `${persistent.allowed ? "yes" : "no"}: ${persistent.reason}`],
    [
      "  doorbell",
      reading?.isSeen === true
        ? `${doorbellMemory}: p50 ${reading.p50Us.toFixed(1)} µs, p99 ${reading.p99Us.toFixed(1)} µs`
        : `${doorbellMemory}${reading === undefined ? "" : ": not seen by a running kernel"}`,
    ],
    ["  loops", loopLimit === undefined ? "no limit" : `end silently after ${loopLimit} rounds`],
  );
  if (residentWorkgroupCount !== undefined)
    lines.push(["  workgroups", `${residentWorkgroupCount} resident together`]);
  const place = existsSync(profileFile) ? profileFile : `${path.dirname(profileFile)}: could not be written`;
  lines.push(["  profile", `${place}, measured ${measuredAt}`]);
  return lines;
}

function readOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        json: { type: "boolean" },
        fresh: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        // For itself: examines one device and answers with JSON.
        probe: { type: "string" },
      },
    });
  } catch (cause) {
    throw new EverwarpError("EW_BAD_ARGUMENT", (cause as Error).message, {
      remedy: "everwarp doctor --help shows the options.",
      cause,
    });
  }
}
