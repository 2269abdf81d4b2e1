/** Comments that take a rule away, and the lines of findings. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { lintSource } from "./source.ts";

const folder = mkdtempSync(path.join(tmpdir(), "lint-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kernel = (comment: string): string => `#version 460
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Data { uint words[]; };
void main() {
  ${comment}
  while (words[0] == 0u) words[1]++;
}`;

test("a comment with a rule and a reason takes the rule away from the next line", async () => {
  expect((await lintSource({ source: kernel("") })).map(({ rule }) => rule)).toEqual(["unbounded-loop"]);
  const rest = await lintSource({
    source: kernel("// everwarp-disable-next-line unbounded-loop the host checked it"),
  });
  expect(rest).toEqual([]);
});

test("a comment for another rule, or on another line, takes nothing away", async () => {
  const others = [
    kernel("// everwarp-disable-next-line early-exit no reason for it"),
    `// everwarp-disable-next-line unbounded-loop far away\n${kernel("").replace("#version 460\n", "")}`,
  ];
  const [first = "", second = ""] = others;
  const rules = async (source: string): Promise<string[]> =>
    (await lintSource({ source })).map(({ rule }) => rule);
  expect(await rules(first)).toContain("unbounded-loop");
  expect(await rules(`#version 460\n${second}`)).toContain("unbounded-loop");
});

test.each([
  ["// everwarp-disable-next-line unbounded-loop", "without a reason"],
  ["// everwarp-disable-next-line", "names no rule"],
  ["// everwarp-disable-next-line no-such-rule because", '"no-such-rule"'],
])("%s is refused with its line", async (comment, message) => {
  const promise = lintSource({ source: kernel(comment), name: "kernel.comp" });
  await expect(promise).rejects.toThrow(expect.objectContaining({ code: "EW_LINT_REASON" }));
  await expect(promise).rejects.toThrow(message);
  await expect(promise).rejects.toThrow("kernel.comp:5");
});

test("a finding in an included file names that file and its line", async () => {
  writeFileSync(
    path.join(folder, "part.glsl"),
    "void part() {\n  if (gl_LocalInvocationIndex < 5u)\n    barrier();\n}\n",
  );
  const file = path.join(folder, "whole.comp");
  writeFileSync(
    file,
    '#version 460\nlayout(local_size_x = 64) in;\n#include "part.glsl"\nvoid main() { part(); }\n',
  );
  const [finding] = await lintSource({ file });
  expect(finding?.rule).toBe("divergent-barrier");
  expect(finding?.location).toEqual({ file: path.join(folder, "part.glsl"), line: 3 });
  expect(finding?.related).toEqual({ file: path.join(folder, "part.glsl"), line: 2 });
});
