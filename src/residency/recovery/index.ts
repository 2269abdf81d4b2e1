/** Supervision: checkpoints, losses, recoveries. */
export { Supervisor } from "./supervisor.ts";
