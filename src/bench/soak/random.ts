/** Random choices that a seed repeats. The generator is Mulberry32 (T. Ettinger, public domain): 32 bits of state, good enough to choose with. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `end` less one. */
  below(end: number): number {
    return Math.floor(this.#share() * end);
  }

  /** A number from `from` to `to`. */
  between(from: number, to: number): number {
    return from + this.#share() * (to - from);
  }

  /** True so often in a hundred times. */
  percent(share: number): boolean {
    return this.below(100) < share;
  }

  of<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.below(choices.length)] as Choice;
  }

  #share(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
