/** The probes that `everwarp doctor` runs, each in a process of its own: their names, timeouts and results. */
import type { Device } from "../../vulkan/index.ts";
import {
  type DoctorReadings,
  type ProbeName,
  type DeviceProfile,
  doorbellCandidates,
  type DoorbellReading,
  isWatched,
  type OccupancyReading,
  type Traces,
} from "../profile/index.ts";
import { probeDispatchCost } from "./dispatch-cost.ts";
import { probeDoorbell } from "./doorbell.ts";
import { probeLease } from "./lease.ts";
import { memoryPerRole } from "./memory.ts";
import { probeNeighbours } from "./neighbours.ts";
import { OCCUPANCY_SIZES, probeOccupancy } from "./occupancy.ts";
import { leaveTraces, probePersistence } from "./persistence.ts";
import { probeRoundTrips } from "./round-trips.ts";

/** The input of a probe. */
export interface ProbeContext {
  readonly device: Device;
  readonly profile: DeviceProfile;
  /** Tries long leases on every driver. */
  readonly isLong: boolean;
  /** Traces that an earlier process left. */
  readonly traces: Traces | undefined;
}

interface DoctorProbe<Name extends ProbeName> {
  /** Timeout in milliseconds, longer than a successful probe takes. */
  readonly timeoutMs: number;
  readonly run: (context: ProbeContext) => Promise<DoctorReadings[Name]>;
}

/** In running order: `traces` just before `persistence`, and probes that may lose the device last. */
export const DOCTOR_PROBES: { readonly [Name in ProbeName]: DoctorProbe<Name> } = {
  memory: {
    timeoutMs: 10_000,
    run: ({ device, profile }) => {
      const doorbell = profile.doorbell.at(-1);
      const measured = doorbell?.isSeen === true ? doorbell.memoryType : undefined;
      return Promise.resolve(memoryPerRole(device.info, device.memoryTypes, measured));
    },
  },
  doorbells: {
    timeoutMs: 30_000,
    run: async ({ device, profile }) => {
      const readings: DoorbellReading[] = [];
      const { upload } = device.memoryTypes;
      for (const memoryType of doorbellCandidates(device)) {
        device.setMemoryTypes({ upload: memoryType });
        readings.push(
          await probeDoorbell(device, { loopLimit: profile.loopLimit, isWatched: isWatched(device.info) }),
        );
      }
      device.setMemoryTypes({ upload });
      return readings;
    },
  },
  occupancy: {
    timeoutMs: 20_000,
    run: async ({ device, profile }) => {
      const readings: OccupancyReading[] = [];
      for (const size of OCCUPANCY_SIZES) {
        if (size > device.info.limits.maxWorkgroupInvocations) continue;
        readings.push(await probeOccupancy(device, size, profile.loopLimit));
      }
      return readings;
    },
  },
  dispatchCost: { timeoutMs: 20_000, run: ({ device }) => probeDispatchCost(device) },
  roundTrips: { timeoutMs: 60_000, run: ({ device, profile }) => probeRoundTrips(device, profile) },
  traces: { timeoutMs: 30_000, run: ({ device }) => leaveTraces(device) },
  persistence: { timeoutMs: 60_000, run: ({ device, traces }) => probePersistence(device, traces) },
  neighbours: {
    timeoutMs: 30_000,
    run: ({ device, profile }) => probeNeighbours(device, profile.loopLimit),
  },
  lease: {
    timeoutMs: 60_000,
    run: ({ device, profile, isLong }) =>
      probeLease(device, { isLong: isLong || !isWatched(device.info), loopLimit: profile.loopLimit }),
  },
};

/** The names of the probes, in running order. */
export const PROBE_NAMES = Object.keys(DOCTOR_PROBES) as readonly ProbeName[];
