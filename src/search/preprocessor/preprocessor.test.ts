import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Content, Preprocessor } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everwarp-preprocessor-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function script(text: string): string {
  const path = join(folder, "script");
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

function open(program: string, maxOutputBytes?: number): Content {
  const path = join(folder, "file");
  writeFileSync(path, "content\n");
  const preprocessor = new Preprocessor({ program, globs: [], unpacks: false }, maxOutputBytes);
  const content = preprocessor.open({ path, explicit: true });
  expect(content).toBeDefined();
  return content as Content;
}

function readAll({ reader }: Content): string {
  const bytes = Buffer.alloc(1 << 20);
  let length = 0;
  for (let count; (count = reader.read(bytes, length, 100)) > 0;) length += count;
  return bytes.toString("utf8", 0, length);
}

it("gives the program the path, and the file as its standard input", () => {
  const content = open(script('basename "$1"; cat'));
  expect(readAll(content)).toBe("file\ncontent\n");
  expect(content.close()).toBeUndefined();
});

it("ends a program that writes too much, and minds only where that was to be searched", () => {
  const endless = script("exec yes foo");
  const left = open(endless, 400);
  expect(left.reader.read(Buffer.alloc(8), 0, 8)).toBe(8);
  expect(left.close()).toBeUndefined();
  const whole = open(endless, 400);
  expect(() => readAll(whole)).toThrow(/it wrote more than the \d+ bytes/);
});

it("tells that a program failed, which one that was left early and said nothing may", () => {
  const silent = script("cat; exit 1");
  expect(open(silent).close()).toBeUndefined();
  expect(() => readAll(open(silent))).toThrow(
    /^preprocessor command failed: '"[^"]+" "[^"]+"': <stderr is empty>$/,
  );
  const speaking = open(script("echo said >&2; exit 1"));
  expect(speaking.close()).toMatch(/^\n-{79}\nsaid\n-{79}$/);
});
