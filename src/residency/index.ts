/** Kernels that stay on a device: the work queue, launches, checkpoints, recovery, and who shares the device. */
export { Seal, sealNumberAt, Ticket, drainWriteCombining } from "./queue/index.ts";
export { cardKey, announcedProcesses } from "./sharing/index.ts";
export { STRATEGY_NAMES, type StrategyName } from "./strategies/index.ts";
export {
  type DoctorReadings,
  type ProbeName,
  type PersistenceRow,
  type Times,
  type DoorbellReading,
  type DispatchCost,
  type LeaseReading,
  type RoleMemory,
  type NeighboursReading,
  type OccupancyReading,
  type RoundTrip,
  type Traces,
  type PersistenceCell,
  type DeviceProfile,
  type ProfiledDevice,
  addReadings,
  keepProfile,
  keptProfile,
  profilePath,
} from "./profile/index.ts";
export {
  type ProgramLoop,
  type ProgramLoopOptions,
  launchEcho,
  launchProgram,
  type Quantiles,
  ResidentLoop,
  WORKGROUP_SIZE_ID,
  softwareThreadCount,
  strategyOf,
} from "./launch/index.ts";
export { DOCTOR_PROBES, PROBE_NAMES } from "./probes/index.ts";
export { type DeviceSession, type SessionOptions, openSession, openProfiledDevice } from "./device/index.ts";
export type { CallOptions, SyncCallOptions } from "./requests/index.ts";
export {
  type CheckpointInfo,
  type KernelInfo,
  type KernelOptions,
  type KernelStats,
  ResidentKernel,
  type RestoreOptions,
} from "./service/index.ts";
export { type KernelText, kernelTypes } from "./kernel/index.ts";
