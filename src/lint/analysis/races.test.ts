/** Shared memory that is loaded before or behind a store without a barrier: threads may read different values. */
import { expect, test } from "vitest";
import { kernelText } from "../../../test/support/lint-corpus.ts";
import { compileWithLines } from "../../programs/index.ts";
import { lintModule } from "../lint.ts";

const RACE = "shared memory that has no barrier between its load and a store";

async function errorsOf(body: string, threads?: number): Promise<string> {
  const { spirv } = await compileWithLines({ source: kernelText(`void main() { ${body} }`, threads) });
  const errors = lintModule(spirv, "error");
  return errors.map(({ rule, message }) => `${rule}: ${message}`).join("; ");
}

const REACHED = "divergent-barrier: only some threads reach this barrier, by";

test.each([
  // Thread 0 may have stored the next word before the others have read this one.
  [
    "a store behind the load",
    `if (LANE == 0u) sh_word = limit; barrier(); uint first = sh_word; if (LANE == 0u) sh_word = 7u;
    if (first == 1u) barrier();`,
    `${REACHED} ${RACE}`,
  ],
  [
    "a store in the next round",
    `for (uint i = 0u; i < 9u; i++) { if (LANE == 0u) sh_word = STATE[i]; barrier();
    if (sh_word != 0u) return; STATE[LANE]++; }`,
    "early-exit: some threads leave here, while others wait at a barrier",
  ],
  [
    "an atomic operation behind the load",
    "uint first = sh_word; atomicAdd(sh_word, 1u); if (first == 1u) barrier();",
    `${REACHED} ${RACE}`,
  ],
  [
    "the same number, stored to an element by each thread",
    "sh_many[LANE] = 1u; if (sh_many[5] == 1u) barrier();",
    `${REACHED} ${RACE}`,
  ],
])("%s", async (_, body, error) => {
  expect(await errorsOf(body)).toBe(error);
});

test.each([
  [
    "a barrier on each side of the load",
    `for (uint i = 0u; i < 9u; i++) { if (LANE == 0u) sh_word = STATE[i]; barrier();
    uint word = sh_word; barrier(); if (word != 0u) barrier(); }`,
  ],
  [
    "two elements that are changed over",
    `for (uint i = 0u, side = 0u; i < 9u; i++, side ^= 1u) { if (LANE == 0u) sh_many[side] = STATE[i]; barrier();
    if (sh_many[side] != 0u) barrier(); }`,
  ],
  [
    "a store to another element",
    `if (LANE == 0u) sh_many[0] = limit; barrier(); if (LANE == 0u) sh_many[1] = 3u;
    if (sh_many[0] == 1u) barrier();`,
  ],
  ["all threads store the same", "sh_word = limit; if (sh_word == 1u) barrier();"],
])("no race: %s", async (_, body) => {
  expect(await errorsOf(body)).toBe("");
});

test("a workgroup of one thread races with nobody", async () => {
  const body =
    "if (atomicAdd(sh_word, 1u) == 3u) return; if (sh_word == 2u) barrier(); STATE[0] = 1u; barrier();";
  expect(await errorsOf(body, 1)).toBe("");
  expect(await errorsOf(body, 2)).not.toBe("");
});

test("the last subgroup of a workgroup may have fewer threads than the others", async () => {
  expect(await errorsOf("if (subgroupBallot(true).x == 0xffffffffu) barrier();", 48)).toBe(
    `${REACHED} a condition that differs between them`,
  );
});
