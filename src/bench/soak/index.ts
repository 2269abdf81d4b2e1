/** Hours of random use, with a ledger of what must come back. */
export { Random } from "./random.ts";
export { soak } from "./soak.ts";
