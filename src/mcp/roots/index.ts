/** The folders that an agent may read, and the check that a path stays below them. */
export { Roots } from "./roots.ts";
