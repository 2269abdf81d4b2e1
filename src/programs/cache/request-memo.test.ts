import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "../../../test/support/patience.ts";
import * as reading from "../../storage/read-regular.ts";
import { type ProgramRequest, type ResolvedRequest, resolveRequest } from "./program-request.ts";
import { RequestMemo } from "./request-memo.ts";

// A spy that counts the reads. It does not change them.
vi.mock(import("../../storage/read-regular.ts"), { spy: true });

const root = realpathSync(mkdtempSync(join(tmpdir(), "request-memo-")));
afterAll(() => rmSync(root, { recursive: true }));

let folder = root;
let count = 0;
let memo = new RequestMemo();
beforeEach(async () => {
  folder = join(root, String(count++));
  mkdirSync(folder);
  write("kernel.comp", '#version 460\n#include "part.glsl"\nvoid main() {}\n');
  write("part.glsl", "const uint PART = 1u;\n");
  await filesAreOld();
  memo = new RequestMemo();
});

const path = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(path(name), text);

/** Waits until the files are old enough to be remembered: a newer file could change within the same time stamp. */
async function filesAreOld(): Promise<void> {
  const paths = [folder, path("kernel.comp"), path("part.glsl")];
  const newest = Math.max(...paths.map((each) => statSync(each).ctimeMs));
  await until(() => Date.now() - newest > 200);
}

const request = (defines = 1): ProgramRequest => ({
  file: path("kernel.comp"),
  defines: { A: defines },
  constants: { 0: 7 },
});

/** Asks as the program cache does: the memo first. @returns the answer, and how many files were read for it */
function ask(asked: ProgramRequest): { resolved: ResolvedRequest; reads: number } {
  const spy = vi.mocked(reading.readRegularFileSync);
  spy.mockClear();
  const known = memo.find(asked);
  if (known !== undefined) return { resolved: known, reads: spy.mock.calls.length };
  const { resolved, expanded } = resolveRequest(asked);
  memo.keep(asked, expanded, resolved);
  return { resolved, reads: spy.mock.calls.length };
}

describe("an equal request", () => {
  test("in a new object reads no file, like the same object", () => {
    const same = request();
    const first = ask(same);
    expect(first.reads).toBe(2);
    expect(ask(same)).toEqual({ resolved: first.resolved, reads: 0 });
    expect(ask(request())).toEqual({ resolved: first.resolved, reads: 0 });
  });

  test("is no longer equal if any part differs", () => {
    const { moduleId, variantId } = ask(request()).resolved;
    expect(ask(request(2))).toMatchObject({ reads: 2 });
    expect(ask(request(2)).resolved.moduleId).not.toBe(moduleId);
    expect(ask({ ...request(), constants: { 0: 8 } }).resolved.variantId).not.toBe(variantId);
    expect(ask({ ...request(), entryPoint: "other" }).resolved.variantId).not.toBe(variantId);
    // The memo remembers all of them at the same time.
    for (const defines of [1, 2]) expect(ask(request(defines)).reads).toBe(0);
  });

  test("of a text scans nothing, and differs from a request for a file of that name", () => {
    const file = path("kernel.comp");
    expect(ask({ file }).reads).toBe(2);
    expect(ask({ source: file }).resolved.moduleId).not.toBe(ask({ file }).resolved.moduleId);
    const source = "#version 460\nvoid main() {}\n";
    const { resolved } = ask({ source });
    expect(memo.find({ source: `${source}` })).toBe(resolved);
  });

  test("may be modified after the call", () => {
    const asked = { file: path("kernel.comp"), defines: { A: 1 } };
    const { resolved } = ask(asked);
    asked.defines.A = 2;
    expect(ask(asked).resolved.moduleId).not.toBe(resolved.moduleId);
    expect(ask({ file: path("kernel.comp"), defines: { A: 1 } })).toEqual({ resolved, reads: 0 });
  });
});

describe("a file that changed", () => {
  test.each(["kernel.comp", "part.glsl"])("is read again: %s", async (name) => {
    const { moduleId } = ask(request()).resolved;
    write(name, "#version 460\n// changed\nvoid main() {}\n");
    await filesAreOld();
    const changed = ask(request());
    expect(changed.reads).toBeGreaterThan(0);
    expect(changed.resolved.moduleId).not.toBe(moduleId);
    expect(ask(request())).toEqual({ resolved: changed.resolved, reads: 0 });
  });

  test("a moment ago is not remembered", () => {
    write("part.glsl", "const uint PART = 2u;\n");
    expect(ask(request()).reads).toBe(2);
    expect(ask(request()).reads).toBe(2);
  });
});

test("relative paths are resolved in the current folder", async () => {
  const other = join(root, `${count++}`);
  mkdirSync(other);
  writeFileSync(join(other, "kernel.comp"), "#version 460\n// other\nvoid main() {}\n");
  await until(() => Date.now() - statSync(join(other, "kernel.comp")).ctimeMs > 200);
  const inFolder = (name: string): ResolvedRequest => {
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(name);
    try {
      return ask({ file: "kernel.comp" }).resolved;
    } finally {
      cwd.mockRestore();
    }
  };
  const first = inFolder(folder);
  expect(inFolder(other).moduleId).not.toBe(first.moduleId);
  expect(inFolder(folder)).toBe(first);
});

test("the memory is bounded", () => {
  const source = (value: number): ProgramRequest => ({
    source: `#version 460\n// ${value}\nvoid main() {}\n`,
  });
  for (let value = 0; value < 1100; value++) ask(source(value));
  expect(memo.find(source(0))).toBeUndefined();
  expect(memo.find(source(1099))).toBeDefined();
  for (let defines = 0; defines < 70; defines++) ask(request(defines));
  expect(memo.find(request(0))).toBeUndefined();
  expect(memo.find(request(69))).toBeDefined();
});
