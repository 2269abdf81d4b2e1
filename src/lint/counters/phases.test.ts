/** The phases of kernels with switches: the numbers of a switch lead nowhere. */
import { expect, test } from "vitest";
import { compileWithLines } from "../../programs/index.ts";
import { decode } from "../code/index.ts";
import { phasesOf } from "./phases.ts";

test("a switch before a loop is no second way into the loop", async () => {
  // The ids of this module lie among the numbers of the cases.
  const count = 400;
  const cases = Array.from({ length: count }, (_, at) => `case ${at}: words[${at}] = ${at}; break;`);
  const source = `#version 460
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer Data { int words[]; };
void main() {
  for (int i = 0; i < words[1]; i++) words[i] += words[2];
  switch (words[gl_LocalInvocationIndex]) { ${cases.join(" ")} default: break; }
  for (int i = 0; i < words[3]; i++) words[i] += words[4];
}`;
  const { spirv } = await compileWithLines({ source });
  const phases = phasesOf(decode(spirv));
  expect(phases.map(({ kind }) => kind)).toEqual(["function", "loop", "loop"]);
});
