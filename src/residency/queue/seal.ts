/** Vectors whose arrival can be checked by their content: the host's part of glsl/seal.glsl. */
import { Seal } from "./seal.schema.ts";

const { MIX_X, MIX_Y, MIX_Z } = Seal;

/** The mix of three content words, modulo 2³². A seal is a number plus this mix. */
export function sealMix(x: number, y: number, z: number): number {
  return (Math.imul(x, MIX_X) + Math.imul(y, MIX_Y) + Math.imul(z, MIX_Z)) >>> 0;
}

/**
 * The number that the vector at words[at … at + 3] was sealed with, if the whole vector has arrived. Reads the seal
 * first.
 */
export function sealNumberAt(words: Uint32Array, at: number): number {
  const seal = Atomics.load(words, at + 3);
  return (seal - sealMix(words[at], words[at + 1], words[at + 2])) >>> 0;
}
