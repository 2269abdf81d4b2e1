/** `everwarp lint` as its users call it: files in, a report and an exit code out. */
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { byteText } from "../../src/base/index.ts";
import { main } from "../../src/cli/command-line.ts";
import { RULES } from "../../src/lint/index.ts";
import { compileWithLines } from "../../src/programs/index.ts";
import { Dir } from "../support/cli.ts";
import { captured } from "../support/environment.ts";

const tree = new Dir("lint");
afterAll(() => tree.remove());

const HEAD = `#version 460
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Data { uint words[]; };
`;
const BAD = `${HEAD}void main() {
  if (gl_LocalInvocationIndex < 5u) return;
  barrier();
}
`;
const GOOD = `${HEAD}void main() {
  barrier();
}
`;
tree
  .file("good/good.comp", GOOD)
  .file("bad/bad.comp", BAD)
  .file("broken/broken.comp", "#version 460\nnonsense\n");
tree.directory("empty").file("utf16.comp", Buffer.from(`\uFEFF${GOOD}`, "utf16le"));

const at = (name: string): string => path.join(tree.path, name);

async function lint(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const { environment, out, errors } = captured();
  const code = await main(["lint", ...args], environment);
  return { code, out: out(), errors: errors() };
}

test("a good kernel: exit code 0", async () => {
  expect(await lint(at("good/good.comp"))).toEqual({
    code: 0,
    out: "1 kernel checked, 0 findings\n",
    errors: "",
  });
});

test("a bad kernel: file, line, rule, reason and remedy, and exit code 1", async () => {
  const { code, out } = await lint(at("good/good.comp"), at("bad/bad.comp"));
  expect(code).toBe(1);
  const rule = RULES.find(({ name }) => name === "early-exit");
  expect(out).toContain(`${at("bad/bad.comp")}:5: error: `);
  expect(out).toContain(`(see ${at("bad/bad.comp")}:6) [early-exit]\n`);
  expect(out).toContain(rule?.why);
  expect(out).toContain(rule?.remedy);
  expect(out).toContain("2 kernels checked, 1 finding\n");
});

test.each([
  ["a file that does not compile", "broken/broken.comp", "broken.comp:2"],
  ["a file that is not there", "none.comp", "none.comp does not exist"],
  ["a module that is not there", "none.spv", "none.spv does not exist"],
  ["a folder without kernels", "empty", "there are no kernels (*.comp) below"],
  ["a name below a file", "good/good.comp/none.comp", "does not exist"],
  ["a text in UTF-16", "utf16.comp", "utf16.comp is a text in UTF-16. Save it as UTF-8."],
])("%s: exit code 2, and the others are still checked", async (_, name, message) => {
  const { code, out } = await lint(at(name), at("bad/bad.comp"));
  expect(code).toBe(2);
  expect(out).toContain(message);
  expect(out).toContain("[early-exit]");
  expect(out).toContain("1 kernel checked, 1 finding\n");
});

describe("a folder", () => {
  tree
    .file("folder/.ignore", "ignored\n")
    .file("folder/one.comp", GOOD)
    .file("folder/below/two.comp", BAD)
    .file("folder/below/notes.txt", BAD)
    .file("folder/ignored/three.comp", BAD)
    .file("folder/.hidden/four.comp", BAD)
    .file("folder/node_modules/five/five.comp", BAD);

  test("stands for the kernels below it that a search would search", async () => {
    const { code, out } = await lint(at("folder"));
    expect(code).toBe(1);
    expect(out).toContain(`${at("folder/below/two.comp")}:5: error: `);
    expect(out).toContain("2 kernels checked, 1 finding\n");
  });

  test("a file that is ignored is checked where it is named", async () => {
    const { out } = await lint(at("folder"), at("folder/ignored/three.comp"));
    expect(out).toContain("3 kernels checked, 2 findings\n");
  });

  test("without one, the folder of the process is checked", async () => {
    const { code, out } = await lint();
    expect(out).toMatch(/^\d+ kernels checked, 0 findings\n$/);
    expect(code).toBe(0);
  });

  test("that cannot be read is told, and the others are checked", async (context) => {
    context.skip(process.getuid?.() === 0, "to the system administrator, nothing is unreadable");
    tree.file("closed/shut/six.comp", BAD).file("closed/open/seven.comp", GOOD);
    chmodSync(at("closed/shut"), 0);
    const { code, out } = await lint(at("closed"));
    chmodSync(at("closed/shut"), 0o755);
    expect(code).toBe(2);
    expect(out).toContain(`${at("closed/shut")}: not checked: `);
    expect(out).toContain("1 kernel checked, 0 findings\n");
  });
});

test("a file with several names is checked once", async () => {
  tree.link("other.comp", at("bad/bad.comp"));
  const { out } = await lint(at("bad/bad.comp"), at("bad/../bad/bad.comp"), at("bad"), at("other.comp"));
  expect(out).toContain("1 kernel checked, 1 finding\n");
});

test("a byte order mark is no part of a kernel, nor of what it includes", async () => {
  tree.file("mark/part.glsl", "\uFEFFvoid part() { if (gl_LocalInvocationIndex < 5u) barrier(); }\n");
  tree.file("mark/whole.comp", `\uFEFF${HEAD}#include "part.glsl"\nvoid main() {\n  part();\n}\n`);
  const { code, out } = await lint(at("mark/whole.comp"));
  expect(out).toContain(`${at("mark/part.glsl")}:1: error: `);
  expect(code).toBe(1);
});

describe("a name that is not UTF-8", () => {
  const name = Buffer.concat([Buffer.from("latin-"), Buffer.of(0xe9), Buffer.from(".comp")]);
  tree.directory("latin").file(Buffer.concat([Buffer.from("latin/"), name]), BAD);

  test("is checked, named or found, and told by its bytes", async () => {
    for (const argument of [at("latin"), byteText(Buffer.concat([Buffer.from(at("latin/")), name]))]) {
      const { environment, outBytes } = captured();
      expect(await main(["lint", argument], environment)).toBe(1);
      expect(outBytes().includes(Buffer.concat([name, Buffer.from(":5: error: ")]))).toBe(true);
    }
  });

  test("is told by its bytes in SARIF", async () => {
    const { out } = await lint("--sarif", at("latin"));
    expect(out).toContain("/latin-%E9.comp");
  });
});

test("a module in SPIR-V", async () => {
  const { spirv } = await compileWithLines({ source: BAD });
  writeFileSync(at("bad.spv"), new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength));
  const { code, out } = await lint(at("bad.spv"));
  expect(code).toBe(1);
  expect(out).toContain("bad.spv:5: error: ");
  writeFileSync(at("odd.spv"), "no module");
  expect((await lint(at("odd.spv"))).code).toBe(2);
});

test("--json", async () => {
  const { code, out } = await lint("--json", at("bad/bad.comp"), at("none.comp"));
  expect(code).toBe(2);
  expect(JSON.parse(out)).toMatchObject({
    files: [
      {
        file: at("bad/bad.comp"),
        findings: [{ file: at("bad/bad.comp"), line: 5, rule: "early-exit", severity: "error" }],
      },
      { file: at("none.comp"), findings: [], error: { code: "EW_PATH_NOT_FOUND" } },
    ],
  });
});

test("--sarif has what the standard asks of a log", async () => {
  const { out } = await lint("--sarif", at("bad/bad.comp"));
  const uri = new URL(`file://${at("bad/bad.comp")}`).href;
  expect(JSON.parse(out)).toMatchObject({
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "everwarp lint", rules: RULES.map(({ name }) => ({ id: name })) } },
        results: [
          {
            ruleId: "early-exit",
            ruleIndex: RULES.findIndex(({ name }) => name === "early-exit"),
            level: "error",
            locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 5 } } }],
          },
        ],
      },
    ],
  });
});

test("options that do not go together, or do not exist: exit code 2", async () => {
  expect((await lint("--json", "--sarif", at("good/good.comp"))).code).toBe(2);
  expect((await lint("--nonsense")).code).toBe(2);
});

test("the structs of a kernel of one's own are read from the program beside it", async () => {
  tree.file(
    "own/own.comp",
    `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  Ask ask = requestAt(slot);
  if (ask.values[1] == 0u) barrier();
  if (gl_LocalInvocationIndex < ask.count) barrier();
  if (gl_LocalInvocationIndex == 0u) respond(slot, Told(ask.count, 1.0));
}
`,
  );
  expect((await lint(at("own/own.comp"))).code).toBe(2);
  tree.file(
    "own/program.ts",
    `const Ask = struct("Ask", { count: u32, values: array(u32, 4) });
await ResidentKernel.open({ source: new URL("own.comp", import.meta.url), request: Ask,
  response: struct("Told", { count: u32, share: f32 }), state: { kept: 64 } });
`,
  );
  const { code, out } = await lint(at("own/own.comp"));
  expect(code).toBe(1);
  expect(out).toContain("own.comp:6: error: ");
  expect(out).not.toContain("own.comp:5:");
});
