/** What searches of the command line have to do with the program cache: on the host nothing, on a device all kernels come through it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Dir } from "../support/cli.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-cli-programs-"));
const dir = new Dir("cli-programs").file("one", "needle\nthread\n");
afterAll(() => {
  dir.remove();
  rmSync(folder, { recursive: true });
});

/** Runs the command line with a cache of its own. */
async function search(
  cache: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [await bundledCommandLine(), "search", ...words, "needle", "one"],
    {
      cwd: dir.path,
      encoding: "utf8",
      env: { ...process.env, XDG_CACHE_HOME: folder, EVERWARP_CACHE_DIR: cache, ...env },
    },
  );
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

// The XDG Base Directory specification: what is empty or relative is ignored.
test.each([
  ["no home at all", { HOME: "", XDG_CACHE_HOME: "" }],
  ["a relative folder for caches", { HOME: "", XDG_CACHE_HOME: "relative" }],
  ["a relative home", { HOME: "relative", XDG_CACHE_HOME: "" }],
  ["a home that nothing can be made in", { HOME: "/proc", XDG_CACHE_HOME: "" }],
  ["a folder for caches that is a device", { HOME: "/proc", XDG_CACHE_HOME: "/dev/null" }],
])("with %s a search on a device ends well, and leaves nothing in the working directory", async (_, env) => {
  const device = String(testDeviceInfo().index);
  // A driver keeps shaders, too, where it is told; that is its own affair.
  const quiet = { ...env, EVERWARP_CACHE_DIR: "", MESA_SHADER_CACHE_DISABLE: "true" };
  expect(await search("", ["--device", device], quiet)).toBe("needle\n");
  expect(readdirSync(dir.path)).toEqual(["one"]);
});

test("on the host opens no cache", async () => {
  const cache = join(folder, "host");
  expect(await search(cache, ["--device", "cpu"])).toBe("needle\n");
  expect(existsSync(cache)).toBe(false);
});

test("on a device finds every kernel that an earlier one made", async () => {
  const cache = join(folder, "device");
  const words = ["--device", String(testDeviceInfo().index)];
  const numbers = (): Record<string, number> =>
    JSON.parse(readFileSync(join(cache, readdirSync(cache)[0] ?? "", "stats.json"), "utf8")) as Record<
      string,
      number
    >;
  expect(await search(cache, words)).toBe("needle\n");
  const first = numbers();
  const entries = readdirSync(join(cache, readdirSync(cache)[0] ?? "", "entries"));
  // The four of a search, and those that found out what the device is like.
  expect(entries.length).toBeGreaterThanOrEqual(4);
  expect(first).toMatchObject({ stored: entries.length, "miss.never-seen": entries.length });
  expect(await search(cache, words)).toBe("needle\n");
  const second = numbers();
  expect(second["diskHits"]).toBeGreaterThanOrEqual(4);
  for (const name of Object.keys(second).filter(
    (each) => each.startsWith("miss.") || each === "compilations",
  ))
    expect([name, second[name]]).toEqual([name, first[name]]);
  const before = readFileSync(join(cache, readdirSync(cache)[0] ?? "", "manifest.json"));
  expect(await search(cache, words, { EVERWARP_PROGRAM_CACHE: "off" })).toBe("needle\n");
  expect(numbers()).toEqual(second);
  expect(readFileSync(join(cache, readdirSync(cache)[0] ?? "", "manifest.json"))).toEqual(before);
});
