/** A search on the host takes one small bundle. Whatever else is asked for takes the other, and begins anew there. */
import { statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import { Dir, spawned } from "../support/cli.ts";

const dir = new Dir("bundles").file("tree/a.txt", "needle\n").file("hook.cjs", hook());
let program: string;
beforeAll(async () => {
  program = await bundledCommandLine();
});
afterAll(() => dir.remove());

/** Prints what was loaded, at the very end. */
function hook(): string {
  return `process.on("exit", () => process.stderr.write("loaded " + Object.keys(require.cache)
    .map((file) => require("node:path").basename(file)).filter((name) => name !== "hook.cjs").join(" ") + "\\n"));`;
}

function run(
  args: readonly string[],
  env: Record<string, string> = {},
): { code: number; out: string; err: string } {
  const { code, stdout, stderr } = spawned(
    process.execPath,
    ["--require", join(dir.path, "hook.cjs"), program, ...args],
    dir.path,
    { env },
  );
  return { code: code as number, out: stdout.toString(), err: stderr };
}

it.each([
  ["search", "needle", "tree"],
  ["search", "-c", "-i", "NEEDLE", "tree"],
  ["search", "--device", "cpu", "needle", "tree"],
  ["search", "--files", "tree"],
])("a search on the host loads no device, and nothing but its bundle: %s %s %s", (...args) => {
  const { code, out, err } = run(args);
  expect([code, err]).toEqual([0, "loaded main.cjs\n"]);
  expect(out).toContain("tree/a.txt");
});

it("what it loads is a fifth of everything", () => {
  const sizeOf = (name: string): number => statSync(join(dirname(program), name)).size;
  expect(sizeOf("main.cjs")).toBeLessThan(0.3 * sizeOf("every-command.cjs"));
});

it.each<[string[], number, RegExp]>([
  [["search", "--help"], 0, /^loaded main.cjs every-command.cjs\n$/],
  [["version"], 0, /^loaded main.cjs every-command.cjs\n$/],
  [
    ["search", "--bogus"],
    2,
    /^everwarp: unrecognized flag --bogus \[EW_UNKNOWN_FLAG\]\nloaded main.cjs every-/,
  ],
  [["search", "--device", "no such device", "x"], 2, /^everwarp: .*no such device.*\nloaded main.cjs every-/],
  [
    ["search", "--device", "cpu", "--persistent", "x"],
    2,
    /^everwarp: .*EW_STRATEGY_UNSUPPORTED\]\nloaded main.cjs e/,
  ],
])("the other bundle answers everything else: %s", (args, code, err) => {
  const ran = run(args);
  expect(ran.err).toMatch(err);
  expect(ran.code).toBe(code);
});

it("what is handed over late was not begun: every message comes once", () => {
  // Several literals are slow on one thread, so a device could pay for some gigabytes. They are sparse, and binary.
  writeFileSync(join(dir.path, "tree", "large"), "");
  truncateSync(join(dir.path, "tree", "large"), 2 ** 33);
  const words = Array.from({ length: 8 }, (_, index) => `-e${String.fromCharCode(97 + index)}bsent`);
  const { code, out, err } = run(["search", "-j1", "-F", ...words, "-eneedle", "tree", "missing"], {
    RIPGREP_CONFIG_PATH: join(dir.path, "no such file"),
    VK_DRIVER_FILES: "/x/lvp_icd.json",
  });
  expect(err).toMatch(/loaded main.cjs every-command.cjs/);
  expect(err.match(/no such file/g)).toHaveLength(1);
  expect(err.match(/^everwarp: missing: /gm)).toHaveLength(1);
  expect([code, out]).toEqual([2, "tree/a.txt:needle\n"]);
});
