/** Signatures: which trigrams each block of a text may have, so that scans pass over blocks. */
export { ALL_ROWS, literalRows, SIGNATURE, WORD_COLUMN_BYTES } from "./signature.ts";
export { SignatureKernel } from "./signature-kernel.ts";
