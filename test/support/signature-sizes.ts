/** The sizes of signatures and their hash, as the reference is told: written down once more, so that drift is found. */
import type { SignatureSizes } from "../../src/search/reference/index.ts";

/** @param rowMask less than 2047 makes hashes collide */
export function referenceSizes(rowMask: number): SignatureSizes {
  return {
    blockBytes: 2048,
    overlapBytes: 64,
    rowOf: (trigram) => Number(((BigInt(trigram) * 668_265_263n) % 2n ** 32n) >> 21n) & rowMask,
  };
}
