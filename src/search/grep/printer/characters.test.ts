import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { propertyRuns } from "../../../../test/support/property-runs.ts";
import { endOfCharacters } from "./characters.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-characters-"));
afterAll(() => rmSync(folder, { recursive: true }));

const OMITTED = Buffer.from(" [... omitted end of long line]\n");

/**
 * What ripgrep shows of each line when it may show `count` characters. Lines must be longer than that and
 * have no line feed.
 */
function shownByRipgrep(lines: readonly Buffer[], count: number): Buffer[] {
  const file = join(folder, "lines");
  writeFileSync(file, Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")])));
  const { stdout } = spawnSync(
    rgPath,
    ["--no-config", "--text", "--encoding=none", "-N", `-M${count}`, "--max-columns-preview", "^", file],
    { maxBuffer: 1 << 30 },
  );
  let at = 0;
  return lines.map(() => {
    const begin = at;
    at = stdout.indexOf(OMITTED, begin) + OMITTED.length;
    return stdout.subarray(begin, at - OMITTED.length);
  });
}

function expectAsRipgrep(lines: readonly Buffer[], count: number): void {
  const shown = shownByRipgrep(lines, count);
  for (const [index, line] of lines.entries()) {
    const end = endOfCharacters(line, 0, line.length, count);
    if (end !== shown[index]!.length)
      expect(line.subarray(0, end).toString("hex"), `${line.toString("hex")}, ${count} characters`).toBe(
        shown[index]!.toString("hex"),
      );
  }
}

describe("characters", () => {
  it("are those of ripgrep, for every code point behind, before and between others", () => {
    const lines: Buffer[] = [];
    for (let code = 0x80; code < 0xe_1100; code++) {
      // No class of its own begins behind the second plane, but for tags.
      if ((code >= 0xd800 && code < 0xe000) || (code >= 0x2_0100 && code < 0xd_ff00)) continue;
      const text = String.fromCodePoint(code);
      lines.push(Buffer.from(`a${text}zzzz`), Buffer.from(`${text}\u0300zzzz`), Buffer.from(`${text}azzzz`));
    }
    expectAsRipgrep(lines, 1);
  });

  it("are those of ripgrep where rules meet, and where bytes are broken", () => {
    const special = [
      "\u0300",
      "\u0301",
      "\u200d",
      "\ufe0f",
      "\u{1f3fb}",
      "\u{1f468}",
      "\u2764",
      "\u{1f1e6}",
      "\u{1f1e7}",
      "\u1100",
      "\u1161",
      "\u11a8",
      "\uac00",
      "\uac01",
      "\u0915",
      "\u094d",
      "\u0937",
      "\u0903",
      "\u0600",
      "\u{110bd}",
      "\u0e33",
      "\u200b",
      "\u2028",
      "\r",
      "\t",
      "a",
      " ",
      "\u00a9",
      "\u4e00",
      "\u200c",
      "\u00ad",
    ].map((text) => Buffer.from(text));
    const broken = ["ff", "c3", "e282", "f09f98", "eda080", "80", "c080", "f4908080"].map((hex) =>
      Buffer.from(hex, "hex"),
    );
    const line = fc
      .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...special) }, fc.constantFrom(...broken)), {
        maxLength: 12,
      })
      .map((parts) => Buffer.concat([...parts, Buffer.from("zzzzzz")]));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 300, maxLength: 300 }),
        fc.integer({ min: 1, max: 5 }),
        (lines, count) => expectAsRipgrep(lines, count),
      ),
      propertyRuns(20),
    );
  });

  it("cost what is shown, however long the line is and however long its characters are", () => {
    // A line of 64 MiB of letters, and a letter with marks: only what lies before the end is looked at.
    let looks = 0;
    const counted = (bytes: Uint8Array): Uint8Array =>
      new Proxy(bytes, {
        get: (target, key) => {
          if (typeof key === "string" && /^\d+$/.test(key)) looks++;
          return Reflect.get(target, key, target) as unknown;
        },
      });
    for (const [text, end] of [
      ["a", 200],
      ["ä", 400],
      ["e\u0301", 600],
    ] as const) {
      looks = 0;
      const bytes = Buffer.from(text.repeat(100_000));
      expect(endOfCharacters(counted(bytes), 0, bytes.length, 200)).toBe(end);
      expect(looks).toBeLessThan(10 * end);
    }
  });
});
