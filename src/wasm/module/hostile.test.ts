/** Modules that were made to hurt: whatever they are, the answer is a verdict, and it is Node's. */
import { expect, test } from "vitest";
import { Dice } from "../../../test/support/lint-generator.ts";
import { propertySeed } from "../../../test/support/property-runs.ts";
import {
  everyPlainInstruction,
  everySection,
  leb,
  moduleOf,
  moduleOfBody,
  section,
} from "../../../test/support/wasm-samples.ts";
import { WebAssemblyRuntime } from "../../threads/index.ts";
import { EverwarpError } from "../../base/index.ts";
import { decodeModule } from "./decode-module.ts";
import { validateModule } from "./validate-module.ts";

const RUNS = Number(process.env["EVERWARP_PROPERTY_RUNS"] ?? 3000);
/** Bytes that mean something in many places. */
const TELLING = [
  0x00, 0x01, 0x02, 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f, 0x40, 0x0b, 0x1a, 0x05, 0xfc, 0xfd,
];

type Verdict = "valid" | "invalid" | "unsupported";

function verdictOf(binary: Uint8Array): Verdict {
  try {
    validateModule(decodeModule(binary));
    return "valid";
  } catch (error) {
    if (!(error instanceof EverwarpError)) throw error;
    if (error.code === "EW_WASM_UNSUPPORTED") return "unsupported";
    expect(error.code).toBe("EW_WASM_INVALID");
    return "invalid";
  }
}

/** Node's verdict. It knows some proposals that came after WebAssembly 2.0. */
function expectNodesVerdict(binary: Uint8Array, about: string): Verdict {
  const verdict = verdictOf(binary);
  if (verdict !== "unsupported")
    expect(verdict, about).toBe(WebAssemblyRuntime.validate(binary) ? "valid" : "invalid");
  return verdict;
}

test("modules that end at every byte", () => {
  for (const binary of [everySection(), everyPlainInstruction()])
    for (let length = 0; length < binary.length; length++)
      expectNodesVerdict(binary.subarray(0, length), `the first ${length} bytes`);
});

test("modules in which bytes were changed", () => {
  const seed = propertySeed();
  const dice = new Dice(seed);
  const samples = [everySection(), everyPlainInstruction()];
  const verdicts = { valid: 0, invalid: 0, unsupported: 0 };
  for (let run = 0; run < RUNS; run++) {
    const binary = dice.one(samples).slice();
    for (let change = dice.below(3); change >= 0; change--) damage(binary, dice);
    verdicts[expectNodesVerdict(binary, `run ${run} of seed ${seed}`)]++;
  }
  expect(verdicts.valid).toBeGreaterThan(0);
  expect(verdicts.invalid).toBeGreaterThan(verdicts.unsupported);
});

function damage(binary: Uint8Array, dice: Dice): void {
  const at = 8 + dice.below(binary.length - 8);
  const from = dice.below(binary.length);
  if (dice.below(4) === 0) binary.copyWithin(at, from, from + 1 + dice.below(6));
  else if (dice.below(3) === 0) binary[at] = dice.below(256);
  else if (dice.below(2) === 0) binary[at]! ^= 1 << dice.below(8);
  else binary[at] = dice.one(TELLING);
}

test("sizes and counts that nothing follows", () => {
  for (const huge of [0xffff_ffff, 0x7fff_ffff, 1_000_000, 60_000])
    for (let id = 0; id < 14; id++) {
      expectNodesVerdict(moduleOf([id, ...leb(huge)]), `section ${id} of ${huge} bytes`);
      expectNodesVerdict(moduleOf(section(id, leb(huge))), `section ${id} with ${huge} entries`);
    }
});

const MANY = 1_000_000;

test("a million locals, in one run and in many", () => {
  expect(verdictOf(moduleOfBody([1, ...leb(MANY), 0x7f, 0x0b]))).toBe("invalid");
  expect(verdictOf(moduleOfBody([1, ...leb(50_000), 0x7f, 0x0b]))).toBe("valid");
  const runs = Array.from({ length: MANY }, () => [1, 0x7f]).flat();
  expect(verdictOf(moduleOfBody([...leb(MANY), ...runs, 0x0b]))).toBe("invalid");
});

test("many functions that declare many locals in a few bytes", () => {
  const count = 100_000;
  const body = [5, 1, ...leb(50_000), 0x7f, 0x0b];
  body[0] = body.length - 1;
  const code = [...leb(count), ...Array.from({ length: count }, () => body).flat()];
  const functions = [...leb(count), ...Array.from({ length: count }, () => 0)];
  const binary = moduleOf(section(1, [1, 0x60, 0, 0]), section(3, functions), section(10, code));
  expect(verdictOf(binary)).toBe("valid");
});

test("a million blocks inside each other", () => {
  const opened = Array.from({ length: MANY }, () => [0x02, 0x40]).flat();
  const closed = Array.from({ length: MANY }, () => 0x0b);
  expectNodesVerdict(moduleOfBody([0, ...opened, ...closed, 0x0b]), "closed");
  expectNodesVerdict(moduleOfBody([0, ...opened, 0x0b]), "left open");
});

test("a table of jumps that names one outer label again and again", () => {
  const targets = Array.from({ length: 65_000 }, (_, index) => index % 100);
  const opened = Array.from({ length: 100 }, () => [0x02, 0x40]).flat();
  const closed = Array.from({ length: 100 }, () => 0x0b);
  const tables = Array.from({ length: 50 }, () => [0x41, 0, 0x0e, ...leb(targets.length), ...targets, 0]);
  expectNodesVerdict(moduleOfBody([0, ...opened, ...tables.flat(), ...closed, 0x0b]), "tables of jumps");
});

test("calls in code that is never reached, which put more operands down than memory holds", () => {
  const results = Array.from({ length: 1000 }, () => 0x7f);
  const type = [2, 0x60, 0, 0, 0x60, 0, ...leb(1000), ...results];
  const body = [0, 0x00, ...Array.from({ length: 100_000 }, () => [0x10, 1]).flat(), 0x0b];
  const caller = [...leb(body.length), ...body];
  const code = [2, ...caller, 3, 0, 0x00, 0x0b];
  const binary = moduleOf(section(1, type), section(3, [2, 0, 1]), section(10, code));
  expect(() => validateModule(decodeModule(binary))).toThrow("more than 1000000 operands at once");
});
