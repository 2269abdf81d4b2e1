/**
 * The programs of the benchmark, and what each must give, computed in TypeScript. The programs themselves are in
 * `assembly`, as AssemblyScript.
 */
import { COMPUTE_WASM_BASE64 } from "./generated/compute-wasm.ts";
import { TEXT_WASM_BASE64 } from "./generated/text-wasm.ts";

/** A call of an export, with a column for each parameter. */
export interface ProgramCall {
  readonly name: string;
  readonly args: readonly (Int32Array | Float64Array)[];
}

/** A program at one size. */
export interface Program {
  readonly name: string;
  readonly binary: Uint8Array;
  readonly pages: number;
  /** Called once, outside the time; its result is the first argument of `run`, if it is there. */
  readonly prepare: ProgramCall | undefined;
  /** What is measured. Arguments without `prepare`'s result. */
  readonly run: ProgramCall;
  /** What `run` gives in an instance. */
  readonly expected: (instance: number) => number;
}

/** How much a program does. */
export interface ProgramSize {
  readonly instances: number;
  /** Permutations, steps, lines: 1 is the smallest. */
  readonly work: number;
}

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const column = (count: number, value: (row: number) => number): Int32Array =>
  Int32Array.from({ length: count }, (_, row) => value(row));

/** All programs. */
export const PROGRAMS = {
  gimli: ({ instances, work }) => ({
    name: `gimli, ${32 * work} permutations`,
    binary: bytesOf(COMPUTE_WASM_BASE64),
    pages: 1,
    prepare: undefined,
    run: { name: "gimli", args: [column(instances, (row) => row), column(instances, () => 32 * work)] },
    expected: (instance) => gimli(instance, 32 * work),
  }),
  mandelbrot: ({ instances, work }) => {
    const side = Math.floor(Math.sqrt(instances));
    const real = (row: number): number => ((row % side) / side) * 3 - 2.2;
    const imaginary = (row: number): number => (Math.floor(row / side) / side) * 2.4 - 1.2;
    const limit = 1000 * work;
    return {
      name: `mandelbrot, up to ${limit} steps`,
      binary: bytesOf(COMPUTE_WASM_BASE64),
      pages: 1,
      prepare: undefined,
      run: {
        name: "mandelbrot",
        args: [
          Float64Array.from({ length: instances }, (_, row) => real(row)),
          Float64Array.from({ length: instances }, (_, row) => imaginary(row)),
          column(instances, () => limit),
        ],
      },
      expected: (instance) => mandelbrot(real(instance), imaginary(instance), limit),
    };
  },
  csv: ({ instances, work }) => {
    const lines = 128 * work;
    return {
      name: `csv, ${lines} lines`,
      binary: bytesOf(TEXT_WASM_BASE64),
      pages: 1,
      prepare: { name: "makeCsv", args: [column(instances, (row) => row), column(instances, () => lines)] },
      run: { name: "csv", args: [] },
      expected: (instance) => csv(instance, lines),
    };
  },
  json: ({ instances, work }) => {
    const lines = 128 * work;
    return {
      name: `json, ${lines} lines, 17 pages`,
      binary: bytesOf(TEXT_WASM_BASE64),
      pages: 17,
      prepare: { name: "makeJson", args: [column(instances, (row) => row), column(instances, () => lines)] },
      run: { name: "json", args: [column(instances, () => 5000)] },
      expected: (instance) => json(instance, lines, 5000),
    };
  },
} satisfies Record<string, (size: ProgramSize) => Program>;

const next = (value: number): number => (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
const turn = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function gimli(seed: number, count: number): number {
  const state = column(12, (index) => Math.imul(seed, index + 1));
  const at = (index: number): number => state[index] as number;
  const swap = (left: number, right: number): void => {
    [state[left], state[right]] = [at(right), at(left)];
  };
  for (let permutation = 0; permutation < count; permutation++) {
    for (let round = 24; round > 0; round--) {
      for (let index = 0; index < 4; index++) {
        const x = turn(at(index), 24);
        const y = turn(at(4 + index), 9);
        const z = at(8 + index);
        state[8 + index] = x ^ (z << 1) ^ ((y & z) << 2);
        state[4 + index] = y ^ x ^ ((x | z) << 1);
        state[index] = z ^ y ^ ((x & y) << 3);
      }
      if (round % 4 === 0) {
        swap(0, 1);
        swap(2, 3);
        state[0] = at(0) ^ 0x9e377900 ^ round;
      } else if (round % 4 === 2) {
        swap(0, 2);
        swap(1, 3);
      }
    }
  }
  return at(0);
}

function mandelbrot(real: number, imaginary: number, limit: number): number {
  let [x, y, steps] = [0, 0, 0];
  for (; steps < limit && x * x + y * y <= 4; steps++) [x, y] = [x * x - y * y + real, 2 * x * y + imaginary];
  return steps;
}

/** The sum of a text that is never written: its numbers come from the same generator. */
function csv(seed: number, lines: number): number {
  let [value, sum] = [seed, 0];
  for (let line = 0; line < lines; line++) {
    for (let letter = 0; letter < 8; letter++) value = next(value);
    const amount = ((value = next(value)) >>> 16) % 100;
    const price = ((value = next(value)) >>> 16) % 10_000;
    sum += amount * price;
  }
  return sum | 0;
}

function json(seed: number, lines: number, least: number): number {
  let [value, kept] = [seed, 0];
  for (let line = 0; line < lines; line++) {
    for (let letter = 0; letter < 12; letter++) value = next(value);
    value = next(value);
    if ((value >>> 16) % 10_000 >= least) kept++;
  }
  return kept;
}
