/** A slow lookup on plain maps, for comparison with the other lookups. */
export { type ReferenceNode, lookupReference, referenceOf } from "./lookup.ts";
