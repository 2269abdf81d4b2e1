/** A search engine over one tree, whoever holds the tree: searches in flight, their limits, and what they find. */
export type { TreeAsking } from "./tree-asking.ts";
export { type ChangeListenerOptions, TreeEngine } from "./tree-engine.ts";
export { TreeSearch } from "./tree-search.ts";
