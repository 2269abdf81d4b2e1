/**
 * A filter as a WebAssembly module of its own: 64 places at a time, each stream one word of 64 bits.
 *
 *   candidates(from, until, out, limit) → count
 *
 * Writes a place of each line in [from, until) that may match to `out`, as pairs of words (position, nothing), in
 * ascending order; of some lines several. A line begins at `from`. Stops when there are `limit` or more, at most 63
 * over it. Reads up to 63 bytes behind `until`. What steps carry from one word to the next lies in locals, so modules
 * keep no state.
 */
import type { ByteFilter, FilterStep } from "../contracts.ts";
import { setCode } from "./set-code.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  get,
  i32,
  i64,
  loadVector,
  loop,
  moduleOf,
  OP,
  set,
  storeWord,
  tee,
  TYPE,
  v128,
  VECTOR,
  when,
} from "./wasm-code.ts";

const PARAMETERS = { from: 0, until: 1, out: 2, limit: 3 } as const;
const VECTORS = [0, 1, 2, 3];
const PLACES = 64;
const LINE_FEED_SET = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 10 ? 1 : 0));

/** Name of the function that a module exports. */
export const FILTER_EXPORT = "candidates";

/** The module's bytes. */
export function filterModule(filter: ByteFilter): Uint8Array<ArrayBuffer> {
  return new FilterWriter(filter).write();
}

class FilterWriter {
  readonly #filter: ByteFilter;
  readonly #locals: number[] = [];
  readonly #constants = new Map<string, number>();
  /** Code that runs once, before all. */
  readonly #setup: Code[] = [];
  /** The local of each step's word. */
  readonly #words: number[] = [];

  constructor(filter: ByteFilter) {
    this.#filter = filter;
  }

  write(): Uint8Array<ArrayBuffer> {
    const { from, until, out, limit } = PARAMETERS;
    const bytes = VECTORS.map(() => this.#local(TYPE.v128));
    const write = this.#local(TYPE.i32);
    const result = this.#local(TYPE.i64);
    const constant = (value: readonly number[]): number => this.#constant(value);
    const load = bytes.map((local, index) => [get(from), loadVector(16 * index), set(local)]);
    const steps = this.#filter.steps.map((step) => this.#step(step, bytes, constant));
    const feeds = wordOf(bytes.map((local) => setCode(LINE_FEED_SET, local, constant)));
    const left = [get(until), get(from), OP.i32Sub];
    const body = loop(
      load,
      steps,
      [get(this.#words[this.#filter.result]!), tee(result), OP.i64Eqz, OP.i32Eqz],
      when(
        [left, i32(PLACES), OP.i32LtU],
        // Places behind the end do not count.
        when(
          get(result),
          i64(1n),
          left,
          OP.i64ExtendI32U,
          OP.i64Shl,
          i64(1n),
          OP.i64Sub,
          OP.i64And,
          set(result),
        ),
        this.#tell(result, write, feeds),
        [get(write), get(out), OP.i32Sub, i32(3), OP.i32ShrU, get(limit), OP.i32GeU, branchIf(2)],
      ),
      [get(from), i32(PLACES), OP.i32Add, tee(from), get(until), OP.i32LtU, branchIf(0)],
    );
    const isEmpty = [get(from), get(until), OP.i32GeU, branchIf(0)];
    return moduleOf({
      name: FILTER_EXPORT,
      parameterCount: Object.keys(PARAMETERS).length,
      locals: this.#locals,
      body: [
        this.#setup,
        [get(out), set(write)],
        block(isEmpty, body),
        [get(write), get(out), OP.i32Sub, i32(3), OP.i32ShrU],
      ],
    });
  }

  /** Writes the first place of each line that the word has. */
  #tell(result: number, write: number, feeds: Code): Code {
    const ends = this.#local(TYPE.i64);
    const rest = this.#local(TYPE.i64);
    const place = this.#local(TYPE.i64);
    return [
      [feeds, set(ends)],
      block(
        loop(
          [get(result), OP.i64Eqz, branchIf(1)],
          [get(write), get(PARAMETERS.from), get(result), OP.i64Ctz, tee(place), OP.i32WrapI64, OP.i32Add],
          [storeWord(0), get(write), i32(8), OP.i32Add, set(write)],
          // The rest of the line is passed over: to the next line feed, which is part of it.
          [get(ends), i64(-1n), get(place), OP.i64Shl, OP.i64And, tee(rest), OP.i64Eqz, branchIf(1)],
          [get(result), i64(-2n), get(rest), OP.i64Ctz, OP.i64Shl, OP.i64And, set(result), branch(0)],
        ),
      ),
    ];
  }

  #local(type: number): number {
    return Object.keys(PARAMETERS).length + this.#locals.push(type) - 1;
  }

  #constant(bytes: readonly number[]): number {
    const key = bytes.join();
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const local = this.#local(TYPE.v128);
    this.#constants.set(key, local);
    this.#setup.push([v128(bytes), set(local)]);
    return local;
  }

  #step(step: FilterStep, bytes: readonly number[], constant: (value: readonly number[]) => number): Code {
    const word = this.#local(TYPE.i64);
    this.#words.push(word);
    const value = (index: number): Code => get(this.#words[index]!);
    switch (step.kind) {
      case "set": {
        const members = this.#filter.sets[step.set]!;
        return [wordOf(bytes.map((local) => setCode(members, local, constant))), set(word)];
      }
      case "and":
        return [value(step.left), value(step.right), OP.i64And, set(word)];
      case "or":
        return [value(step.left), value(step.right), OP.i64Or, set(word)];
      case "xor":
        return [value(step.left), value(step.right), OP.i64Xor, set(word)];
      case "advance":
        return this.#advance(value(step.of), step.by, step.first, word);
      case "star":
        return this.#star(value(step.of), value(step.set), word);
    }
  }

  #advance(of: Code, by: number, first: 0 | 1, word: number): Code {
    const before = this.#local(TYPE.i64);
    if (first === 1) this.#setup.push([i64(1n << 63n), set(before)]);
    return [
      [
        of,
        i64(BigInt(by)),
        OP.i64Shl,
        get(before),
        i64(BigInt(PLACES - by)),
        OP.i64ShrU,
        OP.i64Or,
        set(word),
      ],
      [of, set(before)],
    ];
  }

  /** A carry runs through the bytes of the set that follow each bit, and out where they end. */
  #star(of: Code, members: Code, word: number): Code {
    const carry = this.#local(TYPE.i64);
    const sum = this.#local(TYPE.i64);
    return [
      [of, members, OP.i64And, members, OP.i64Add, tee(sum), get(carry), OP.i64Add, set(word)],
      // Either addition may have run over.
      [get(sum), members, OP.i64LtU, get(word), get(sum), OP.i64LtU, OP.i32Or, OP.i64ExtendI32U, set(carry)],
      [get(word), members, OP.i64Xor, of, OP.i64Or, set(word)],
    ];
  }
}

/** One word from four vectors, of whose bytes the highest bit counts. */
function wordOf(vectors: readonly Code[]): Code {
  const [a, b, c, d] = vectors.map((vector) => [vector, VECTOR.bitmask]) as Code[] as [
    Code,
    Code,
    Code,
    Code,
  ];
  const pair = (low: Code, high: Code): Code => [low, high, i32(16), OP.i32Shl, OP.i32Or, OP.i64ExtendI32U];
  return [pair(a, b), pair(c, d), i64(32n), OP.i64Shl, OP.i64Or];
}
