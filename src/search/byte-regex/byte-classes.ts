/** Bytes that a program treats alike. */
import { type Program, STATE } from "./program.ts";
import { sideOfByte } from "./sides.ts";

/** The classes of bytes. */
export interface ByteClasses {
  /** By byte. */
  readonly classOf: Uint8Array;
  /** A byte of each class. */
  readonly members: readonly number[];
}

/** The classes of bytes that a program tells apart. */
export function byteClassesOf({ kinds, firsts, words, looks }: Program): ByteClasses {
  const isBorder = new Uint8Array(257);
  for (let state = 0; state < kinds.length; state++) {
    if (kinds[state] !== STATE.BYTES) continue;
    for (let at = firsts[state] as number; at < (firsts[state + 1] as number); at += 2) {
      const edge = words[at] as number;
      isBorder[edge & 0xff] = isBorder[(edge >>> 8) + 1] = 1;
    }
  }
  for (let byte = 1; byte < 256 && looks.length > 0; byte++) {
    if (sideOfByte(byte) !== sideOfByte(byte - 1)) isBorder[byte] = 1;
  }
  const classOf = new Uint8Array(256);
  const members = [0];
  for (let byte = 1; byte < 256; byte++) {
    if (isBorder[byte] === 1) members.push(byte);
    classOf[byte] = members.length - 1;
  }
  return { classOf, members };
}
