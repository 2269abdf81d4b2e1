/** Walking a tree as ripgrep does: which files are searched, in which order, and what is said about the rest. */
export type { FileIdentity, WalkOptions } from "./options.ts";
export { PathGlobs } from "./path-globs.ts";
export { type TypeChange, typeListLines } from "./types.ts";
export type { WalkError } from "./walk-error.ts";
export { KeptListing, type KeptListingOptions, type Listed } from "./kept-listing.ts";
export { PackedEntries } from "./packed-entries.ts";
export { DISK, type WalkSource } from "./walk-source.ts";
export { walk } from "./walk.ts";
