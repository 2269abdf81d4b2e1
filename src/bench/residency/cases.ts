/** The cases of `residency`: what a resident kernel costs and gives. */
import type { BenchCase } from "../context/index.ts";
import { dutyCycle, hostCpu } from "./host-time.ts";
import { checkpoints, waking } from "./pauses.ts";
import { burst, dispatches, gaps, roundtrips } from "./requests.ts";

/** All cases of `residency`, in their order. */
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
