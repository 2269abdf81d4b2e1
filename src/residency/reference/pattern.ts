/** Reference of patternWord in glsl/probe.glsl: the word at `index` of the pattern with this seed. */
export function patternWord(index: number, seed: number): number {
  const word = Math.imul(index ^ seed, 2_654_435_761) >>> 0;
  return Math.imul(word ^ (word >>> 15), 2_246_822_519) >>> 0;
}
