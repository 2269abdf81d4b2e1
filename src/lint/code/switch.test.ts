/** Numbers of a switch are no labels, whatever they are. */
import { expect, test } from "vitest";
import { compileWithLines } from "../../programs/index.ts";
import { decode, inlineKernel } from "./index.ts";

test("a switch leads to its cases, also where their numbers are those of labels", async () => {
  // The ids of this module lie among the numbers of the cases.
  const count = 200;
  const cases = Array.from({ length: count }, (_, at) => `case ${at}: words[${at}] = ${at}; break;`);
  const source = `#version 460
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer Data { int words[]; };
void main() {
  switch (words[gl_LocalInvocationIndex]) { ${cases.join(" ")} default: break; }
  barrier();
}`;
  const { spirv } = await compileWithLines({ source });
  const { blocks } = inlineKernel(decode(spirv));
  const widest = blocks.toSorted((a, b) => b.successors.length - a.successors.length)[0];
  expect(widest?.successors).toHaveLength(count + 1);
  expect(widest?.successors).not.toContain(0);
});
