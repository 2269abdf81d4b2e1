/** Letters beyond ASCII that fold to one of ASCII: U+212A KELVIN SIGN to k, U+017F LATIN SMALL LETTER LONG S to s. */

interface FarFold {
  /** The code point of the letter beyond ASCII. */
  readonly code: number;
  /** Its UTF-8. */
  readonly run: Uint8Array;
}

/** By the lower-case letter's byte. */
export const FAR_FOLDS: ReadonlyMap<number, FarFold> = new Map([
  [0x6b, { code: 0x212a, run: Uint8Array.of(0xe2, 0x84, 0xaa) }],
  [0x73, { code: 0x017f, run: Uint8Array.of(0xc5, 0xbf) }],
]);
