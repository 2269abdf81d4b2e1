/** What is known of a device: its own description, measured readings, and the profile file that keeps them. */
export { doorbellCandidates, isWatched } from "./device-facts.ts";
export {
  type DeviceProfile,
  PROFILE_VERSION,
  type ProfiledDevice,
  judge,
  residentWorkgroups,
  whyNotPersistent,
} from "./device-profile.ts";
export { addReadings, keepProfile, keptProfile, profilePath } from "./kept-profile.ts";
export {
  COMPONENTS,
  type Component,
  type DispatchCost,
  type DoctorReadings,
  type DoorbellReading,
  GAPS,
  type Gap,
  type LeaseReading,
  type NeighboursReading,
  type OccupancyReading,
  type PersistenceCell,
  type PersistenceRow,
  type ProbeName,
  type RoleMemory,
  type RoundTrip,
  type Times,
  type Traces,
} from "./readings.ts";
