/** Where the system gives little: a search goes on with less, or ends with one line. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, describe, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import { Dir } from "../support/cli.ts";
import { TEST_TIMEOUT_MS } from "../support/patience.ts";

const dir = new Dir("limits");
afterAll(() => dir.remove());
// So many files that threads share them.
for (let file = 0; file < 12_000; file++) dir.file(`${file % 100}/${file}`, "one foo\ntwo fooo\nthree\n");

const program = await bundledCommandLine();
const SEARCH = "search --no-config --device cpu --threads 3 --sort path";

function limited(limits: string, args: string, before: readonly string[] = []): SpawnSyncReturns<string> {
  const script = `${limits}; exec "${process.execPath}" "${program}" ${args}`;
  const [command, ...words] = [...before, "bash", "-c", script];
  return spawnSync(command!, words, {
    cwd: dir.path,
    encoding: "utf8",
    timeout: TEST_TIMEOUT_MS / 2,
    maxBuffer: 1 << 28,
  });
}

function ripgrep(args: string): string {
  return spawnSync(rgPath, ["--no-config", "--sort", "path", ...args.split(" ")], {
    cwd: dir.path,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  }).stdout;
}

describe("little address space", () => {
  const wanted = { "-c foo ./": ripgrep("-c foo ./"), "-c fo+o ./": ripgrep("-c fo+o ./") };
  // Less than one WebAssembly memory takes; one fits; one fits beside the regex engine's, but none of a worker.
  it.each([2_000_000, 12_000_000, 16_000_000, 24_000_000])(
    "plain text is found with ulimit -v %i",
    (kilobytes) => {
      const { status, stdout, stderr } = limited(`ulimit -v ${kilobytes}`, `${SEARCH} -c foo ./`);
      expect(stderr).toBe("");
      expect(stdout).toBe(wanted["-c foo ./"]);
      expect(status).toBe(0);
    },
  );

  it.each([12_000_000, 16_000_000, 24_000_000])("a regex is found with ulimit -v %i", (kilobytes) => {
    const { status, stdout, stderr } = limited(`ulimit -v ${kilobytes}`, `${SEARCH} -c fo+o ./`);
    expect(stderr).toBe("");
    expect(stdout).toBe(wanted["-c fo+o ./"]);
    expect(status).toBe(0);
  });

  it("one line says that the regex engine has no room", () => {
    const { status, stdout, stderr } = limited("ulimit -v 4000000", `${SEARCH} -c fo+o ./`);
    expect(stderr).toMatch(/^everwarp: [^\n]*regex engine[^\n]*ulimit -v[^\n]*\[EW_OUT_OF_HOST_MEMORY\]\n$/);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});

/** Why the limit of processes cannot be tried; the system administrator is not bound by it. */
function whyNoOtherUser(): string | undefined {
  if (process.getuid?.() !== 0) return "only the system administrator can run a program as another user";
  const asUser = spawnSync("setpriv", [...AS_USER, process.execPath, program, "--version"], {
    timeout: TEST_TIMEOUT_MS / 2,
  });
  return asUser.status === 0 ? undefined : "another user cannot run what lies in this folder";
}
const AS_USER = [`--reuid=${60_000 + (process.pid % 4_000)}`, "--clear-groups"];

describe("few processes", () => {
  const reason = whyNoOtherUser();
  it.skipIf(reason !== undefined)(
    reason === undefined
      ? "a search does without threads"
      : `a search does without threads (skipped: ${reason})`,
    () => {
      accessSync(dir.path, constants.R_OK);
      spawnSync("chmod", ["-R", "a+rX", dir.path]);
      // Node itself takes 11.
      const { status, stdout, stderr } = limited("ulimit -u 11", `${SEARCH} -c foo ./`, [
        "setpriv",
        ...AS_USER,
      ]);
      expect(stderr).toBe("");
      expect(stdout).toBe(ripgrep("-c foo ./"));
      expect(status).toBe(0);
    },
  );
});
