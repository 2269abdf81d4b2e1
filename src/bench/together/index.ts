/** Several systems and several processes on one device. */
export { together } from "./together.ts";
