/** Kernels that stay on a device: the work queue, launches, checkpoints, recovery, and who shares the device. */
export { Seal, sealNumberAt, Ticket, drainWriteCombining } from "./queue/index.ts";
export { cardKey, announcedProcesses } from "./sharing/index.ts";
export { STRATEGY_NAMES, type StrategyName } from "./strategies/index.ts";
export {
  type DoctorReadings,
  type ProbeName,
  type PersistenceRow,
  type Times,
  type DeviceProfile,
  type ProfiledDevice,
  addReadings,
  keepProfile,
  keptProfile,
  profilePath,
  type DoorbellReading,
  type DispatchCost,
  type LeaseReading,
  type RoleMemory,
  type NeighboursReading,
  type OccupancyReading,
  type RoundTrip,
  type Traces,
  type PersistenceCell,
} from "./profile/index.ts";
export {
  type ProgramLoop,
  type ProgramLoopOptions,
  launchEcho,
  launchProgram,
  ResidentLoop,
  WORKGROUP_SIZE_ID,
  softwareThreadCount,
  type Quantiles,
} from "./launch/index.ts";
export { DOCTOR_PROBES, PROBE_NAMES } from "./probes/index.ts";
export { type DeviceSession, type SessionOptions, openSession, openProfiledDevice } from "./device/index.ts";
export type { CallOptions } from "./requests/index.ts";
export {
  type KernelStats,
  ResidentKernel,
  type CheckpointInfo,
  type KernelOptions,
} from "./service/index.ts";
export {
  saveSealedFile,
  type SealedReader,
  readSealedFile,
  type About,
  type FileKind,
  type SectionPlace,
  isRecord,
} from "../storage/index.ts";
export type { LoadCheckpointOptions } from "./checkpoint/index.ts";
export type { KernelText } from "./kernel/index.ts";
