/**
 * Examines the machine: every probe on every device, one after the other. A probe that fails or hangs is told of, and
 * the others go on.
 */
import { EverwarpError } from "../../base/index.ts";
import {
  addReadings,
  type DeviceProfile,
  keepProfile,
  keptProfile,
  profilePath,
  type DoctorReadings,
  PROBE_NAMES,
  type ProbeName,
  cardKey,
  announcedProcesses,
} from "../../residency/index.ts";
import { whyNoHardware, forbiddenNodes, type DeviceInfo, listDevices } from "../../vulkan/index.ts";
import { describeMachine, type Machine } from "../../bench/index.ts";
import { type CardUser, cardUsers } from "./card-users.ts";
import type { ProbeRunner } from "./probe-run.ts";
import type { StuckProcessError } from "../../threads/index.ts";

/** The version of the report. It grows with every change of its shape. */
export const REPORT_VERSION = 3;

/** How a probe went. `kept`: what it found before is in the profile. `skipped`: something that it needs had failed. */
export interface ProbeStatus {
  readonly status: "measured" | "kept" | "failed" | "skipped";
  readonly tookMs?: number;
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

/** What was found out about one device. */
export interface DeviceReport {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly driver: string;
  readonly apiVersion: string;
  readonly memoryBytes: number;
  readonly computeUnits: number | undefined;
  /** Queues for compute, of all families. */
  readonly computeQueues: number;
  /** Undefined where the user has no folder for caches. */
  readonly profileFile: string | undefined;
  /** Why the profile is not kept, so that each process measures anew; undefined where it is. */
  readonly profileProblem: string | undefined;
  /** Names the card in every process. */
  readonly cardKey: string;
  /** Undefined where the device cannot be used. */
  readonly profile: DeviceProfile | undefined;
  /** Why it cannot be used. */
  readonly problem: string | undefined;
  readonly probes: Readonly<Record<ProbeName, ProbeStatus>>;
  readonly readings: Partial<DoctorReadings>;
}

/** What `everwarp doctor` found, as `--json` prints it. */
export interface Report {
  readonly version: typeof REPORT_VERSION;
  readonly machine: Machine;
  readonly devices: readonly DeviceReport[];
  /** Device files of GPUs that this user may not open. */
  readonly forbiddenNodes: readonly string[];
  /** Programs that have a GPU open, as far as this user may see. */
  readonly cardUsers: readonly CardUser[];
  /** What a search on this machine runs on when nothing else is asked for, and why. */
  readonly search: string;
}

/** What to examine. */
export interface ExamineOptions {
  /** Measure again what is known. */
  readonly isFresh: boolean;
  /** Try long leases on every driver. */
  readonly isLong: boolean;
  readonly runProbe: ProbeRunner;
  /** Told before each probe, for those who wait. */
  readonly onProbe?: (device: string, probe: string) => void;
}

/** Asks the driver and runs the probes, each in a process of its own. */
export async function examine(options: ExamineOptions): Promise<Report> {
  const machine = describeMachine();
  const devices: DeviceReport[] = [];
  for (const info of machine.noDevices === undefined ? listDevices() : []) {
    devices.push(await examineDevice(info, options));
  }
  return {
    version: REPORT_VERSION,
    machine,
    devices,
    forbiddenNodes: forbiddenNodes(),
    cardUsers: withAnnounced(cardUsers(), devices),
    search: searchRunsOn(devices, machine),
  };
}

/** Processes of everwarp announce themselves, also where their open files may not be seen. */
function withAnnounced(users: readonly CardUser[], devices: readonly DeviceReport[]): CardUser[] {
  const announced = new Set(devices.flatMap(({ cardKey: key }) => announcedProcesses(key)));
  announced.delete(process.pid);
  const named = users.map((user) => ({
    ...user,
    name: announced.has(user.process) ? "everwarp" : user.name,
  }));
  const unseen = [...announced].filter((id) => users.every((user) => user.process !== id));
  return [...named, ...unseen.map((id) => ({ process: id, name: "everwarp" }))];
}

/** Runs the probes on one device. */
export async function examineDevice(info: DeviceInfo, options: ExamineOptions): Promise<DeviceReport> {
  const { isFresh, isLong, runProbe, onProbe } = options;
  const ask = (name: ProbeName | "profile", traces?: DoctorReadings["traces"]): Promise<unknown> => {
    onProbe?.(info.name, name);
    return runProbe({ name, deviceIndex: info.index, isFresh, isLong, traces });
  };
  let profile: DeviceProfile | undefined;
  let problem: string | undefined;
  if (info.missing.length > 0) problem = `its driver lacks ${info.missing.join(", ")}`;
  else {
    try {
      profile = (await ask("profile")) as DeviceProfile;
    } catch (error) {
      problem = reasonOf(error);
    }
  }
  const probes = {} as Record<ProbeName, ProbeStatus>;
  const found: Partial<Record<ProbeName, unknown>> = {};
  const known = isFresh ? {} : (profile?.doctor ?? {});
  let stuck = problem === undefined ? undefined : "the device cannot be used";
  for (const name of PROBE_NAMES) {
    // What was left for the next process is of no use but to the probe that looks for it.
    const asked = name === "traces" ? "persistence" : name;
    if (known[asked] !== undefined && !(asked === "lease" && isLong)) {
      probes[name] = { status: "kept" };
      continue;
    }
    if (stuck !== undefined) {
      probes[name] = { status: "skipped", reason: stuck };
      continue;
    }
    const begin = performance.now();
    try {
      found[name] = await ask(name, found.traces as DoctorReadings["traces"] | undefined);
      probes[name] = { status: "measured", tookMs: Math.round(performance.now() - begin) };
    } catch (error) {
      probes[name] = {
        status: "failed",
        reason: reasonOf(error),
        tookMs: Math.round(performance.now() - begin),
      };
      if (isStuck(error)) stuck = `the probe ${name} hangs, and holds the device`;
    }
  }
  const readings = found as Partial<DoctorReadings>;
  // A device that answered nothing has no profile on disk to add to; then the readings are this report's alone.
  const added =
    profile === undefined || keptProfile(info) === undefined ? undefined : addReadings(info, readings);
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
    computeQueues: info.queueFamilies.reduce(
      (sum, { compute, queueCount }) => sum + (compute ? queueCount : 0),
      0,
    ),
    profileFile: profilePath(info),
    profileProblem: whyNotKept(info, profile),
    cardKey: cardKey(info),
    profile: added ?? profile,
    problem,
    probes,
    readings: { ...known, ...readings },
  };
}

/** Tried here and now: the process that measured said nothing, as searches must not. */
function whyNotKept(info: DeviceInfo, profile: DeviceProfile | undefined): string | undefined {
  if (profile === undefined || keptProfile(info) !== undefined) return undefined;
  if (profile.doorbell.at(-1)?.isSeen !== true) return "a running kernel did not answer, which may pass";
  return keepProfile(info, profile);
}

function isStuck(error: unknown): error is StuckProcessError {
  return error instanceof EverwarpError && "isStuck" in error;
}

/** Whatever a probe throws is a line of the report. */
function reasonOf(error: unknown): string {
  return error instanceof EverwarpError ? `${error.message} [${error.code}]` : String(error);
}

function searchRunsOn(devices: readonly DeviceReport[], machine: Machine): string {
  const host = `the host engine, ${machine.coreCount} threads`;
  const reason = whyNoHardware() ?? machine.noDevices;
  if (reason !== undefined) return `${host} (${reason})`;
  const hardware = devices.find(({ type, profile }) => type !== "cpu" && profile !== undefined);
  if (hardware === undefined) return `${host} (no hardware GPU can be opened)`;
  const isPersistent = hardware.profile?.persistent.allowed === true;
  return `${hardware.name}, ${isPersistent ? "a kernel that stays while no other program uses the card" : "batches of dispatches"}`;
}
