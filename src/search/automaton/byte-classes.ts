/** Bytes that an automaton treats alike. */
import type { ByteNfa } from "./byte-nfa.ts";
import { contextOf } from "./line-automaton.ts";

const LINE_FEED = 10;

/** The classes of bytes. */
export interface ByteClasses {
  readonly byteClass: Uint8Array;
  readonly classCount: number;
  readonly edgeClass: number;
  readonly asciiClassCount: number;
  /** The class that the line feed would have if it were like any other byte. */
  readonly lineFeedOrder: number;
}

/** The classes of bytes that two automata tell apart. */
export function classesOf(nfas: readonly ByteNfa[]): ByteClasses {
  const isBorder = new Uint8Array(257);
  const hasLook = nfas.some(({ states }) => states.some(({ kind }) => kind === "look"));
  for (const { states } of nfas) {
    for (const state of states) {
      if (state.kind !== "bytes") continue;
      for (const { low, high } of state.edges) isBorder[low] = isBorder[high + 1] = 1;
    }
  }
  for (let byte = 1; hasLook && byte < 256; byte++) {
    if (contextOf(byte) !== contextOf(byte - 1)) isBorder[byte] = 1;
  }
  isBorder[0x80] = 1;
  const byteClass = new Uint8Array(256);
  let count = 0;
  let asciiClassCount = 0;
  for (let byte = 0; byte < 256; byte++) {
    if (byte > 0 && isBorder[byte] === 1) count++;
    if (byte === 0x80) asciiClassCount = count;
    byteClass[byte] = count;
  }
  const edgeClass = count + 1;
  const lineFeedOrder = byteClass[LINE_FEED] as number;
  byteClass[LINE_FEED] = edgeClass;
  return { byteClass, classCount: edgeClass + 1, edgeClass, asciiClassCount, lineFeedOrder };
}
