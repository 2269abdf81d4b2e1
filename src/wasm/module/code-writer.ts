/** Collects decoded instructions in arrays that grow. */
import type { Code } from "./module.ts";

/** Takes instructions one by one: `begin`, then its words. */
export class CodeWriter implements Code {
  count = 0;
  opcodes: Uint16Array<ArrayBuffer>;
  wordAt: Uint32Array<ArrayBuffer>;
  words: Int32Array<ArrayBuffer>;
  offsets: Uint32Array<ArrayBuffer>;
  #wordCount = 0;

  /** @param expected how many instructions there probably are */
  constructor(expected: number) {
    const room = Math.max(expected, 16);
    this.opcodes = new Uint16Array(room);
    this.wordAt = new Uint32Array(room + 1);
    this.words = new Int32Array(room);
    this.offsets = new Uint32Array(room);
  }

  /** @returns the number of the instruction */
  begin(opcode: number, offset: number): number {
    const index = this.count++;
    if (index >= this.opcodes.length) {
      this.opcodes = grown(this.opcodes, new Uint16Array(index * 2));
      this.wordAt = grown(this.wordAt, new Uint32Array(index * 2 + 1));
      this.offsets = grown(this.offsets, new Uint32Array(index * 2));
    }
    this.opcodes[index] = opcode;
    this.offsets[index] = offset;
    this.wordAt[this.count] = this.#wordCount;
    return index;
  }

  /** Adds a word to the instruction that was begun last. */
  word(value: number): void {
    if (this.#wordCount >= this.words.length)
      this.words = grown(this.words, new Int32Array(this.#wordCount * 2));
    this.words[this.#wordCount++] = value;
    this.wordAt[this.count] = this.#wordCount;
  }

  /** Fills a word in that was not known when its instruction was written. */
  set(instruction: number, word: number, value: number): void {
    this.words[this.wordAt[instruction]! + word] = value;
  }
}

function grown<T extends Uint16Array | Uint32Array | Int32Array>(old: T, room: T): T {
  room.set(old);
  return room;
}
