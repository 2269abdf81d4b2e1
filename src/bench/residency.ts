/** `residency`: what a kernel that stays costs and gives, row by row what the project holds itself to. All cases of it, in their order. */
import type { BenchCase } from "./context.ts";
import { dutyCycle, hostCpu } from "./residency-host.ts";
import { checkpoints, waking } from "./residency-pauses.ts";
import { burst, dispatches, gaps, roundtrips } from "./residency-requests.ts";

export const RESIDENCY_CASES: readonly BenchCase[] = [
  dispatches,
  roundtrips,
  burst,
  gaps,
  hostCpu,
  checkpoints,
  waking,
  dutyCycle,
];
