/** Every rule against its examples and the corpus, all compiled by the real compiler. */
import { describe, expect, test } from "vitest";
import { CORPUS, kernelText } from "../../test/support/lint-corpus.ts";
import { RULES } from "./rules/index.ts";
import { lintSource } from "./source.ts";

async function brokenBy(source: string): Promise<string[]> {
  return (await lintSource({ source, name: "kernel" })).map(({ rule }) => rule);
}

describe.each(RULES)("$name", ({ name, bad, good }) => {
  const entry = CORPUS.find(({ rule }) => rule === name);

  test("its bad example breaks it, with a line, and its good one does not", async () => {
    const findings = await lintSource({ source: `#version 460\n${bad}`, name: "kernel" });
    const lines = findings.filter(({ rule }) => rule === name).map(({ location }) => location?.line);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toBeGreaterThan(1);
    expect(await brokenBy(`#version 460\n${good}`)).not.toContain(name);
  });

  test("the corpus has five kernels of each kind", () => {
    expect(entry?.bad.length).toBeGreaterThanOrEqual(5);
    expect(entry?.good.length).toBeGreaterThanOrEqual(5);
  });

  test.each(entry?.bad ?? [])("catches %s", async (body) => {
    expect(await brokenBy(kernelText(body))).toContain(name);
  });

  test.each(entry?.good ?? [])("leaves alone %s", async (body) => {
    expect(await brokenBy(kernelText(body))).not.toContain(name);
  });
});
