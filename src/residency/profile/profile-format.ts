/**
 * The checks that a file must pass to count as a device profile.
 *
 * Invariant: any text is a valid profile of this device, or none. A profile that claims impossible measurements is
 * refused, and the device is measured again. Invalid doctor results are dropped, because nothing relies on them.
 */
import {
  isAmount,
  isBoolean,
  isCount,
  isListOf,
  isObject,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  parseJson,
  type Shape,
} from "../../storage/index.ts";
import { type DeviceInfo, MEMORY_ROLES } from "../../vulkan/index.ts";
import { STRATEGY_NAMES } from "../strategies/index.ts";
import { doorbellTypes } from "./device-facts.ts";
import type { DeviceProfile } from "./device-profile.ts";
import { type DoctorReadings, type ProbeName, type DoorbellReading, COMPONENTS, GAPS } from "./readings.ts";

/** Size limit of a profile; real ones are far smaller. */
export const PROFILE_BYTES_MAX = 1 << 20;

const isPositive: Shape = (value) => isAmount(value) && value !== 0;
const isTimes = isObject({ count: isCount, p50Us: isAmount, p99Us: isAmount });
const isDoorbell = isObject({
  memoryType: isCount,
  isSeen: isBoolean,
  rounds: isCount,
  p50Us: isAmount,
  p99Us: isAmount,
  pollsPerMs: isOptional(isPositive),
});

const isProfile = isObject({
  deviceName: isText,
  driverInfo: isText,
  measuredAt: (text) => typeof text === "string" && Number.isFinite(Date.parse(text)),
  loopLimit: isOptional((limit) => isCount(limit) && limit !== 0),
  pollsPerMs: isOptional(isPositive),
  clockTicksPerMs: isOptional(isPositive),
  doorbell: isListOf(isDoorbell),
  persistent: isObject({ allowed: isBoolean, reason: isText }),
});

const READING_SHAPES: Readonly<Record<ProbeName, Shape>> = {
  memory: isListOf(
    isObject({
      role: isOneOf(...MEMORY_ROLES),
      type: isCount,
      kind: isText,
      heap: isCount,
      heapBytes: isAmount,
      why: isText,
    }),
  ),
  doorbells: isListOf(isDoorbell),
  occupancy: isListOf(isObject({ workgroupSize: isPositive, workgroupCount: isCount, isSettled: isBoolean })),
  neighbours: isObject({ queues: isCount, together: isCount, isMainFree: isOptional(isBoolean) }),
  lease: isObject({ survivedMs: isAmount, lostAtMs: isOptional(isAmount), limit: isText }),
  dispatchCost: isObject({
    record: isTimes,
    submit: isTimes,
    fenceWait: isTimes,
    answerSeen: isTimes,
    fencePoll: isTimes,
    fenceReset: isTimes,
  }),
  roundTrips: isListOf(
    isObject({
      strategy: isOneOf(...STRATEGY_NAMES),
      times: isOptional(isTimes),
      reason: isOptional(isText),
    }),
  ),
  // Useful only to the next process, so never stored.
  traces: () => false,
  persistence: isListOf(
    isObject({
      component: isOneOf(...COMPONENTS),
      lifetime: isText,
      cells: isListOf(
        isObject({
          gap: isOneOf(...GAPS),
          persists: isOneOf("yes", "no", "by chance", "unknown"),
          seen: isText,
        }),
      ),
      costUs: isOptional(isAmount),
      cost: isText,
    }),
  ),
};

/** @returns undefined for a text that is no profile of this device in this version */
export function decodeProfile(
  text: string,
  version: DeviceProfile["version"],
  info: DeviceInfo,
): DeviceProfile | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value["version"] !== version || !isProfile(value)) return undefined;
  const { doctor, ...profile } = value as unknown as DeviceProfile;
  if (profile.deviceName !== info.name || profile.driverInfo !== info.driverInfo) return undefined;
  if (!isPlausible(profile.doorbell, info)) return undefined;
  return isRecord(doctor) ? { ...profile, doctor: readingsOf(doctor) } : profile;
}

/** Profiles are stored only if the last doorbell was seen, and only for memory types that can hold doorbells. */
function isPlausible(doorbell: readonly DoorbellReading[], info: DeviceInfo): boolean {
  const types = doorbellTypes(info);
  return doorbell.at(-1)?.isSeen === true && doorbell.every(({ memoryType }) => types.includes(memoryType));
}

function readingsOf(doctor: Record<string, unknown>): Partial<DoctorReadings> {
  const names = Object.keys(READING_SHAPES) as ProbeName[];
  const kept = names.filter((name) => Object.hasOwn(doctor, name) && READING_SHAPES[name](doctor[name]));
  return Object.fromEntries(kept.map((name) => [name, doctor[name]]));
}
