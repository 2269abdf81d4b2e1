/** References of the kernels: slow, obvious TypeScript that tests compare with. */
export { filterBits } from "./filter-bits.ts";
export { type LineMatch, lineMatches } from "./line-matches.ts";
export { literalOccurrences } from "./occurrences.ts";
export { type ReferenceHit, scanReference } from "./scan.ts";
export { type SignatureSizes, signatureSets, survivingBlocks } from "./signatures.ts";
