/** What a kernel that stays resident costs and gives. */
export { RESIDENCY_CASES } from "./cases.ts";
export { openGround } from "./ground.ts";
export { roundtrip } from "./roundtrip.ts";
