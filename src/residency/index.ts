/** The door of residency: what other folders may use. */
export { saveSealedFile } from "./checkpoint-file.ts";
export { cardKey } from "./company.ts";
export { type DeviceSession, type SessionOptions, openSession } from "./device-session.ts";
export type { KernelStats } from "./kernel-stats.ts";
export { announcedProcesses } from "./presence.ts";
export { DOCTOR_PROBES, type DoctorReadings, PROBE_NAMES, type ProbeName } from "./probes/catalogue.ts";
export type { PersistenceRow } from "./probes/persistence.ts";
export type { Times } from "./probes/times.ts";
export {
  type DeviceProfile,
  type ProfiledDevice,
  addReadings,
  keepProfile,
  keptProfile,
  openProfiledDevice,
  profilePath,
} from "./profile.ts";
export { type ProgramLoop, type ProgramLoopOptions, launchEcho, launchProgram } from "./program-loop.ts";
export type { RequestOptions } from "./request-lanes.ts";
export { ResidentKernel } from "./resident-kernel.ts";
export { ResidentLoop, WORKGROUP_SIZE_ID } from "./resident-loop.ts";
export { Seal } from "./seal.schema.ts";
export { sealNumberAt } from "./seal.ts";
export { type SealedReader, readSealedFile } from "./sealed-file.ts";
export { type About, type FileKind, type SectionPlace, isRecord } from "./sealed-format.ts";
export { softwareThreadCount } from "./software-threads.ts";
export { STRATEGY_NAMES, type StrategyName } from "./strategies/index.ts";
export { Ticket } from "./work-queue.ts";
export { drainWriteCombining } from "./write-combining.ts";
