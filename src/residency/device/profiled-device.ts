/**
 * The profile of this machine's device: what the device really does, measured once by bounded probes and kept on disk.
 *
 * The Vulkan specification promises neither that a running kernel sees the host's stores nor that it may run for long.
 * So nothing is assumed: each fact is the result of a probe that ends by itself. The file's key is the device, the
 * driver and the driver's version. A file that does not match is ignored, and the device is measured again. If no file
 * can be kept, each process measures silently; `everwarp doctor` reports it.
 */
import { boolean, readOptions } from "../../base/index.ts";
import { DEVICE_OPTIONS, Device, type DeviceOptions } from "../../vulkan/index.ts";
import { probeClock, probeDoorbell, probeLoopLimit } from "../probes/index.ts";
import {
  whyNotPersistent,
  judge,
  PROFILE_VERSION,
  keepProfile,
  keptProfile,
  type ProfiledDevice,
  type DeviceProfile,
  doorbellCandidates,
  type DoorbellReading,
  isWatched,
} from "../profile/index.ts";

/** More than the only known limit (65,535), and few enough to finish at once. */
const LOOP_PROBE_ROUNDS = 70_000;

const profiles = new WeakMap<Device, Promise<DeviceProfile>>();

/**
 * The profile of an open device: from memory, from disk, or measured now. Measuring takes about a tenth of a second,
 * and nothing else may run on the device meanwhile. Afterwards the device's upload memory has the type that was
 * measured to work.
 * @param options.fresh measure even if there is a profile
 * @throws errors of the probes: EW_DEVICE_LOST, EW_TIMEOUT, EW_OUT_OF_DEVICE_MEMORY, EW_COMPILE
 */
export function profileOf(device: Device, options: { fresh?: boolean } = {}): Promise<DeviceProfile> {
  const { fresh = false } = options;
  let profile = fresh ? undefined : profiles.get(device);
  if (profile === undefined) {
    profile = loadProfile(device, fresh);
    profiles.set(device, profile);
    // After a failure, the next caller measures again.
    profile.catch(() => profiles.delete(device));
  }
  return profile;
}

/**
 * Opens a device together with its profile.
 * @param options.fresh measure even if there is a profile
 * @throws errors of `Device.open` and `profileOf`
 */
export async function openProfiledDevice(
  options: DeviceOptions & { fresh?: boolean } = {},
): Promise<ProfiledDevice> {
  const { fresh = false, ...others } = readOptions<DeviceOptions & { fresh?: boolean }>(
    "the options of openProfiledDevice",
    options,
    { ...DEVICE_OPTIONS, fresh: boolean },
  );
  const device = Device.open(others);
  try {
    return { device, profile: await profileOf(device, { fresh }) };
  } catch (error) {
    device.close();
    throw error;
  }
}

async function loadProfile(device: Device, isFresh: boolean): Promise<DeviceProfile> {
  let profile = isFresh ? undefined : keptProfile(device.info);
  if (profile === undefined) {
    profile = await measureProfile(device);
    // A failed litmus is not kept. The machine may only have been too busy to answer in time.
    if (profile.doorbell.at(-1)?.isSeen === true) keepProfile(device.info, profile);
  }
  const doorbell = profile.doorbell.at(-1);
  if (doorbell?.isSeen === true) device.setMemoryTypes({ upload: doorbell.memoryType });
  return profile;
}

/** Runs the probes that launches need. The device keeps the upload memory type that was tried last. */
export async function measureProfile(device: Device): Promise<DeviceProfile> {
  const { info } = device;
  const loopRounds = await probeLoopLimit(device, LOOP_PROBE_ROUNDS);
  const loopLimit = loopRounds < LOOP_PROBE_ROUNDS ? loopRounds : undefined;
  const clock = await probeClock(device);
  const doorbell: DoorbellReading[] = [];
  for (const memoryType of doorbellCandidates(device)) {
    device.setMemoryTypes({ upload: memoryType });
    doorbell.push(await probeDoorbell(device, { loopLimit, isWatched: isWatched(info) }));
    if (doorbell.at(-1)?.isSeen === true) break;
  }
  const pollsPerMs = doorbell.at(-1)?.pollsPerMs;
  return {
    version: PROFILE_VERSION,
    deviceName: info.name,
    driverInfo: info.driverInfo,
    measuredAt: new Date().toISOString(),
    loopLimit,
    ...(pollsPerMs === undefined ? {} : { pollsPerMs }),
    ...(clock === undefined ? {} : { clockTicksPerMs: clock.ticksPerMs }),
    doorbell,
    persistent: judge(whyNotPersistent(info, loopLimit), doorbell),
  };
}
