/** Hours of random use, with a ledger of what must come back. */
export { soak } from "./soak.ts";
