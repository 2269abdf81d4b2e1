/** The command line on a device: what it prints is what ripgrep prints, and the device is gone when it ends. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openEngine } from "../../src/cli/commands/device-search.ts";
import type { SearchOverrides } from "../../src/cli/commands/search.ts";
import { vulkan } from "../../src/vulkan/calls/loader.ts";
import { Dir, difference, runHere, runRipgrep } from "../support/cli.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertySeed } from "../support/property-runs.ts";
import { randomArguments, randomTree } from "../support/cli-random.ts";
import { engineKinds } from "../support/search-engines.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const device = testDeviceInfo();
const kinds = (await engineKinds()).filter(({ isDevice }) => isDevice);
const flags = ["--device", String(device.index)];

let served = 0;
/** The real engine, with the device named whatever the arguments are. */
const overrides: SearchOverrides = {
  async openEngine(args, environment, subject) {
    const choice = { device: String(device.index), strategy: "batch", persistent: false, polite: false };
    const engine = await openEngine({ ...args, engine: choice }, environment, subject);
    return (
      engine && {
        find: (file) => {
          const found = engine.find(file);
          if (found !== undefined) served++;
          return found;
        },
        report: () => undefined,
      }
    );
  },
};

const FIRST_SEED = propertySeed();

describe("random flags over random trees", () => {
  it.each([0, 1, 2].map((index) => FIRST_SEED + index))("seed %d", async (seed) => {
    const random = new Random(seed);
    const dir = randomTree(random);
    const differences: string[] = [];
    for (let count = 0; count < 12; count++) {
      const found = await difference(dir, randomArguments(random), {}, overrides);
      if (found !== undefined) differences.push(`${dir.path}: ${found}`);
    }
    expect(differences.join("\n\n")).toBe("");
    dir.remove();
  });

  it("served files from the device's hits", () => {
    expect(served).toBeGreaterThan(50);
  });
});

describe("a search on a device", () => {
  const dir = new Dir("device")
    .file("one", "needle\nthread\n")
    .file("sub/two", "a needle, a Needle\n".repeat(3))
    .file("kelvin", "200 \u212a\n200 k\n")
    .file("bin", "needle\n\0needle\n");
  afterAll(() => dir.remove());

  it.each(kinds.filter(({ missing }) => missing === undefined))(
    "$name prints what ripgrep prints",
    async ({ options }) => {
      const strategy = ["--strategy", options.strategy as string];
      for (const args of [
        ["-n", "needle"],
        ["-ic", "NEEDLE"],
        ["-in", "200 k"],
        ["-vn", "needle"],
        ["-w", "a|needle"],
      ]) {
        const ours = await runHere(dir.path, [...flags, ...strategy, "--sort=path", ...args]);
        const theirs = runRipgrep(dir.path, ["--sort=path", ...args]);
        expect([ours.code, ours.stdout.toString(), ours.stderr]).toEqual([
          theirs.code,
          theirs.stdout.toString(),
          "",
        ]);
      }
    },
  );

  it("tells device, strategy, corpus, load, kernel and round trip with --stats", async () => {
    const { stdout } = await runHere(dir.path, [...flags, "--strategy=batch", "--stats", "needle"]);
    const text = stdout.toString();
    expect(text).toContain(`\ndevice: ${device.name}\nstrategy: batch\ncorpus: `);
    const number = (name: string): number => Number(new RegExp(`^${name}: ([0-9.]+)`, "m").exec(text)?.[1]);
    expect(number("corpus")).toBe(14 + 57 + 14 + 7);
    expect(number("load")).toBeGreaterThan(0);
    expect(number("round trip")).toBeGreaterThan(number("kernel"));
  });

  it("is polite where that is asked for, and says what that contradicts", async () => {
    const { stdout } = await runHere(dir.path, [...flags, "--polite", "--stats", "needle"]);
    expect(stdout.toString()).toContain("\nstrategy: batch\n");
    for (const other of ["--persistent", "--strategy=leased"]) {
      const { code, stderr } = await runHere(dir.path, [...flags, "--polite", other, "needle"]);
      expect(code).toBe(2);
      expect(stderr).toContain("were both asked for");
    }
  });

  it("takes a part of the device's name, and refuses what is not there", async () => {
    const named = await runHere(dir.path, [
      "--device",
      device.name.slice(0, 6).toUpperCase(),
      "-c",
      "thread",
    ]);
    expect([named.code, named.stdout.toString()]).toEqual([0, "one:1\n"]);
    for (const [args, code] of [
      [["--device", "no such device", "needle"], "EW_NO_DEVICE"],
      [["--device", "no such device", "^$"], "EW_NO_DEVICE"],
      [["--device", "77", "needle"], "EW_NO_DEVICE"],
      [[...flags, "--strategy", "sometimes", "needle"], "EW_BAD_ARGUMENT"],
      [[...flags, "--strategy", "batch", "--persistent", "needle"], "EW_BAD_ARGUMENT"],
      [["--device", "cpu", "--persistent", "needle"], "EW_STRATEGY_UNSUPPORTED"],
      [["--device", "cpu", "--strategy", "batch", "needle"], "EW_STRATEGY_UNSUPPORTED"],
    ] as const) {
      const refused = await runHere(dir.path, args);
      expect([args, refused.code, refused.stdout.length]).toEqual([args, 2, 0]);
      expect(refused.stderr).toMatch(new RegExp(`^everwarp: .*\\[${code}\\]\n$`));
    }
  });

  const persistent = kinds.find(({ options }) => options.strategy === "persistent");
  it("insists on a resident kernel with --persistent", async () => {
    const { code, stderr, stdout } = await runHere(dir.path, [...flags, "--persistent", "-c", "thread"]);
    if (persistent?.missing === undefined) expect([code, stdout.toString()]).toEqual([0, "one:1\n"]);
    else {
      expect(code).toBe(2);
      expect(stderr).toContain(persistent.missing);
      expect(stderr).toContain("[EW_STRATEGY_UNSUPPORTED]");
    }
  });

  it("searches a file that changes after it was loaded as it is now", async () => {
    const changing: SearchOverrides = {
      async openEngine(args, environment, subject) {
        const engine = await openEngine(args, environment, subject);
        writeFileSync(join(dir.path, "one"), "no needles, but one needle\nneedle\n");
        return engine;
      },
    };
    const { stdout } = await runHere(dir.path, [...flags, "-n", "needle", "one", "kelvin"], {}, changing);
    expect(stdout.toString()).toBe("one:1:no needles, but one needle\none:2:needle\n");
    dir.file("one", "needle\nthread\n");
  });
});

describe("a device that was left to us to choose", () => {
  const dir = new Dir("auto").file("f", "needle\n");
  afterAll(() => {
    vi.restoreAllMocks();
    dir.remove();
  });

  it("is not looked for where there are only the files of a software driver", async () => {
    const loading = vi.spyOn(vulkan(), "vkCreateInstance");
    const enumerating = vi.spyOn(vulkan(), "vkEnumeratePhysicalDevices");
    const { code, stdout, stderr } = await runHere(dir.path, ["needle"], {
      env: { VK_DRIVER_FILES: "/x/lvp_icd.json" },
    });
    expect([code, stdout.toString(), stderr]).toEqual([0, "f:needle\n", ""]);
    expect(loading).not.toHaveBeenCalled();
    expect(enumerating).not.toHaveBeenCalled();
  });
});

describe("as a process", () => {
  const dir = new Dir("signals");
  let program: string;
  beforeAll(async () => {
    program = await bundledCommandLine();
    mkdirSync(join(dir.path, "tree"));
    for (let index = 0; index < 400; index++)
      writeFileSync(join(dir.path, "tree", `f${index}`), `line of file ${index}\n`.repeat(1000));
  });
  afterAll(() => dir.remove());

  it("ends with its kernel, whatever it printed", async () => {
    const { code, stdout } = await run(["search", ...flags, "-c", "file 399", "tree"]);
    expect([code, stdout]).toEqual([0, "tree/f399:1000\n"]);
  });

  function run(args: readonly string[]): Promise<{ code: number | null; stdout: string }> {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: dir.path,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout })));
  }
});
