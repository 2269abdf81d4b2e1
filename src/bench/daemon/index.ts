/** The daemon under load: many clients, and a tree that changes meanwhile. */
export { daemonLoad } from "./load.ts";
