/** `residency`: what a kernel that stays costs and gives, row by row what the project holds itself to. All cases of it, in their order. */
import type { BenchCase } from "../context/index.ts";
import { dutyCycle, hostCpu } from "./host-time.ts";
import { checkpoints, waking } from "./pauses.ts";
import { burst, dispatches, gaps, roundtrips } from "./requests.ts";

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
