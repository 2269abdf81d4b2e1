/** References of the kernels: slow, obvious TypeScript that tests compare with. */
export { filterBits } from "./filter-bits.ts";
export { lineMatches } from "./line-matches.ts";
export { literalOccurrences } from "./occurrences.ts";
export { scanReference } from "./scan.ts";
export { type SignatureSizes, signatureSets, survivingBlocks } from "./signatures.ts";
export { planeLines, type PlaneLines } from "./plane-lines.ts";
