/** A slow lookup over plain maps, with which the others are compared. */
export { type ReferenceNode, lookupReference, referenceOf } from "./lookup.ts";
