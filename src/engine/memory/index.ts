/** Memory that host and device share: rings of inputs and outputs, and mirrors of host state. */
export { Ring } from "./ring.ts";
