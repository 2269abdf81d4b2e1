/** Numbers of a switch are no labels, whatever they are. */
import { expect, test } from "vitest";
import { compileWithLines } from "../../programs/index.ts";
import { instruction, ModuleEditor } from "../../spirv/index.ts";
import { decode, inlineKernel, Op } from "./index.ts";

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

/** The module with its switch over a selector of 64 bits: each number is that of a label, in its high word. */
function widened(spirv: Uint32Array): Uint32Array {
  const [convertSigned, int64] = [114, 11];
  const editor = new ModuleEditor(spirv);
  editor.capability(int64);
  const long = editor.type(Op.TypeInt, 64, 1);
  const wide = editor.newId();
  const words = [...editor.words()];
  let merge = 0;
  for (let at = 5; at < words.length; at += (words[at] ?? 0) >>> 16) {
    const [opcode, length] = [(words[at] ?? 0) & 0xffff, (words[at] ?? 0) >>> 16];
    if (opcode === Op.SelectionMerge) merge = at;
    if (opcode !== Op.Switch) continue;
    const [selector = 0, otherwise = 0, ...cases] = words.slice(at + 1, at + length);
    const labels = cases.filter((_, index) => index % 2 === 1);
    const targets = labels.flatMap((label, index) => [index, otherwise, label]);
    words.splice(at, length, ...instruction(Op.Switch, wide, otherwise, ...targets));
    words.splice(merge, 0, ...instruction(convertSigned, long, wide, selector));
    return Uint32Array.from(words);
  }
  throw new Error("the module has no switch");
}

test("a number of a selector with 64 bits takes two words", async () => {
  const source = `#version 460
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer Data { int words[]; };
void main() {
  switch (words[gl_LocalInvocationIndex]) {
    case 5: words[0] = 5; break;
    case 6: words[0] = 6; break;
    default: words[0] = 7; break;
  }
}`;
  const spirv = widened((await compileWithLines({ source })).spirv);
  const code = decode(spirv);
  const blocks = code.functions.get(code.entry)?.blocks ?? [];
  const from = blocks.find(({ terminator }) => terminator.opcode === Op.Switch);
  expect(from?.targets).toHaveLength(3);
  expect(blocks.map(({ label }) => label)).toEqual(expect.arrayContaining([...(from?.targets ?? [])]));
  expect(inlineKernel(code).blocks[0]?.successors).toHaveLength(3);
});
