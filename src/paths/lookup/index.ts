/** What every lookup shares: packed paths, batches of single lookups, errors, and what a backend must do. */
export { type BatcherOptions, PathBatcher, lookupError } from "./batcher.ts";
export type { LookupOptions, Backend, SingleLookup } from "./contracts.ts";
export {
  GROUP_PATHS,
  type PackedPaths,
  type PathLike,
  PathPacker,
  assertPath,
  assertPaths,
  checkPacked,
  encodeGroup,
  misplacedError,
  packPaths,
  pathBytes,
} from "./pack.ts";
export { PathError, type PathOperation, errnoCode } from "./path-error.ts";
export { type LastComponent, PathWalker } from "./path-walker.ts";
