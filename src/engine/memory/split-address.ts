/** Device addresses as two 32-bit words. Arithmetic with bigints would take longer than a lookup. */

/** A device address of 64 bits. */
export interface SplitAddress {
  readonly low: number;
  readonly high: number;
}

/** Splits an address once, when its buffer is made. */
export function splitAddress(address: bigint): SplitAddress {
  return { low: Number(address & 0xffff_ffffn), high: Number(address >> 32n) };
}

/** Writes the address `offsetBytes` after a base to words[at] (low) and words[at + 1] (high). */
export function writeAddress(words: Uint32Array, at: number, base: SplitAddress, offsetBytes: number): void {
  const low = base.low + offsetBytes;
  words[at] = low; // modulo 2³²
  words[at + 1] = low < 2 ** 32 ? base.high : base.high + 1;
}
