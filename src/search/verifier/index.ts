/** Searches what a backend leaves open: in slices, or on threads that start when they are first needed. */
export {
  columnsFor,
  copyHits,
  HitColumns,
  HitCounter,
  NO_HITS,
  sliceHits,
  sliceLines,
} from "./hit-columns.ts";
export { eachMatch } from "./occurrences.ts";
export type { SharedMatcherOptions } from "./protocol.ts";
export { RowContents } from "./row-contents.ts";
export type { FoundHits, HitMeaning, TaskAnswer, VerifyTask } from "./task.ts";
export { TaskRun } from "./task-run.ts";
export { Verifier } from "./verifier.ts";
export type { VerifyJob } from "./verify-job.ts";
