/** How long path lookups take, on every engine. */
export { paths } from "./lookups.ts";
export { pathsShapes } from "./shapes.ts";
