/** Checkpoint files under processes that are killed and disks that fail: the old file or the new one, whole, and saving goes on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { packageRoot } from "../../src/base/package-root.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/residency/checkpoint/checkpoint-file.ts";
import type { Checkpoint, CheckpointIdentity } from "../../src/residency/checkpoint/checkpoint-format.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-checkpoint-faults-"));
const bundle = join(folder, "saver.mjs");
const place = join(folder, "place");
const file = join(place, "state.ckpt");
const identity: CheckpointIdentity = { deviceKey: "d", driverKey: "r", kernelKey: "k", layoutHash: "l" };
const STATE_BYTES = 3 << 20;
const SECTIONS = ["cursors", "state", "journal"];

/**
 * What runs in the processes: `save FILE FILL`, `load FILE`, and `repeat FILE`, which saves one after the other until it is
 * killed. A checkpoint is known by the byte that all of its sections are filled with.
 */
const SAVER = `
import { loadCheckpoint, saveCheckpoint } from "./checkpoint-file.ts";
const identity = ${JSON.stringify(identity)};
const [, , verb, file, fill] = process.argv;
const filled = (value) => ({
  identity,
  progress: { iterations: value, phase: "parked", sequences: [value], taken: value, workgroupCount: 1 },
  sections: new Map([["cursors", new Uint8Array(64).fill(value)], ["state", new Uint8Array(${STATE_BYTES}).fill(value)],
    ["journal", new Uint8Array().fill(value)]]),
});
if (verb === "load") await loadCheckpoint(file, identity);
if (verb === "save") await saveCheckpoint(file, filled(Number(fill)));
if (verb === "repeat") for (let value = 1; ; value = (value % 255) + 1) await saveCheckpoint(file, filled(value));
console.log("done");
`;

beforeAll(async () => {
  await build({
    stdin: {
      contents: SAVER,
      resolveDir: join(packageRoot(), "src", "residency", "checkpoint"),
      loader: "ts",
    },
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "silent",
  });
});
beforeEach(() => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
});
afterAll(() => rmSync(folder, { recursive: true }));

function filled(value: number): Checkpoint {
  return {
    identity,
    progress: { iterations: value, phase: "parked", sequences: [value], taken: value, workgroupCount: 1 },
    sections: new Map([
      ["cursors", new Uint8Array(64).fill(value)],
      ["state", new Uint8Array(STATE_BYTES).fill(value)],
      ["journal", new Uint8Array()],
    ]),
  };
}

/** Which checkpoint is in the file: its byte, or the code of the error. All of it must agree. */
async function present(): Promise<number | string> {
  let loaded: Checkpoint;
  try {
    loaded = await loadCheckpoint(file, identity);
  } catch (error) {
    return (error as { code: string }).code;
  }
  const { iterations } = loaded.progress;
  expect([...loaded.sections.keys()]).toEqual(SECTIONS);
  for (const section of loaded.sections.values())
    expect(Buffer.compare(section, new Uint8Array(section.length).fill(iterations))).toBe(0);
  expect(loaded.sections.get("state")?.length).toBe(STATE_BYTES);
  return iterations;
}

function start(fault: string | undefined, ...words: string[]): ChildProcess {
  const env = {
    ...process.env,
    ...(fault === undefined ? {} : { EVERWARP_ALLOW_FAULTS: "1", EVERWARP_FAULT: fault }),
  };
  return spawn(process.execPath, [bundle, ...words], { env, stdio: ["ignore", "ignore", "inherit"] });
}

async function run(fault: string | undefined, ...words: string[]): Promise<NodeJS.Signals | number> {
  const [status, signal] = (await once(start(fault, ...words), "exit")) as [number, NodeJS.Signals | null];
  return signal ?? status;
}

const temporaryFiles = (): string[] => readdirSync(place).filter((name) => name !== "state.ckpt");

/** Points of saving; what is in the file when the process ends there, and how many temporary files it leaves. */
const SAVING = [
  { point: "checkpoint.open", left: 0, isNew: false },
  { point: "checkpoint.written", left: 1, isNew: false },
  { point: "checkpoint.written:2", left: 1, isNew: false },
  { point: "checkpoint.written:3", left: 1, isNew: false },
  { point: "checkpoint.synced", left: 1, isNew: false },
  { point: "checkpoint.renamed", left: 1, isNew: false },
  { point: "checkpoint.folder-synced", left: 0, isNew: true },
];
const RESTORING = ["restore.opened", "restore.read", "restore.read:2", "restore.read:3"];

describe("a process that is killed", () => {
  it.each(SAVING)(
    "while saving ($point) leaves the old file or the new one",
    async ({ point, left, isNew }) => {
      expect(await run(`kill@${point}`, "save", file, "1")).toBe("SIGKILL");
      expect(await present()).toBe(isNew ? 1 : "EW_PATH_NOT_FOUND");
      expect(await run(undefined, "save", file, "2")).toBe(0);
      expect([await present(), temporaryFiles()]).toEqual([2, []]);

      expect(await run(`kill@${point}`, "save", file, "3")).toBe("SIGKILL");
      expect(await present()).toBe(isNew ? 3 : 2);
      expect(temporaryFiles()).toHaveLength(left);
      expect(await run(undefined, "save", file, "4")).toBe(0);
      expect([await present(), temporaryFiles()]).toEqual([4, []]);
    },
  );

  it.each(RESTORING)("while restoring (%s) leaves the file as it was", async (point) => {
    await saveCheckpoint(file, filled(7));
    const before = readFileSync(file);
    expect(await run(`kill@${point}`, "load", file)).toBe("SIGKILL");
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
    expect(await run(undefined, "load", file)).toBe(0);
  });

  it("at any time, again and again, leaves a whole file", async () => {
    await saveCheckpoint(file, filled(1));
    for (let round = 0; round < 12; round++) {
      const child = start(undefined, "repeat", file);
      const ended = once(child, "exit");
      const begun = statSync(file).mtimeMs;
      while (statSync(file).mtimeMs === begun) await sleep(1);
      await sleep(Math.random() * 30);
      child.kill("SIGKILL");
      await ended;
      expect(await present()).toBeTypeOf("number");
    }
    await saveCheckpoint(file, filled(9));
    expect([await present(), temporaryFiles()]).toEqual([9, []]);
  });
});

describe("a disk that fails", () => {
  const errors = ["ENOSPC", "EIO", "EACCES"];
  const saving = SAVING.flatMap((at) => errors.map((error) => ({ ...at, error })));

  it.each(saving)("$error@$point while saving", async ({ error, point, isNew }) => {
    for (const old of [undefined, 5]) {
      if (old !== undefined) await saveCheckpoint(file, filled(old));
      const faults = injectFaults(`${error}@${point}`);
      await expect(saveCheckpoint(file, filled(6))).rejects.toThrow(
        expect.objectContaining({
          code: "EW_PATH_UNWRITABLE",
          cause: expect.objectContaining({ code: error }) as Error,
        }),
      );
      faults[Symbol.dispose]();
      expect(await present()).toBe(isNew ? 6 : (old ?? "EW_PATH_NOT_FOUND"));
      expect(temporaryFiles()).toEqual([]);
    }
    await saveCheckpoint(file, filled(8));
    expect(await present()).toBe(8);
  });

  it.each(RESTORING.flatMap((point) => errors.map((error) => ({ point, error }))))(
    "$error@$point while restoring",
    async ({ error, point }) => {
      await saveCheckpoint(file, filled(5));
      const faults = injectFaults(`${error}@${point}`);
      await expect(loadCheckpoint(file, identity)).rejects.toThrow(
        expect.objectContaining({
          code: "EW_PATH_UNREADABLE",
          cause: expect.objectContaining({ code: error }) as Error,
        }),
      );
      faults[Symbol.dispose]();
      expect(await present()).toBe(5);
    },
  );

  it("a real limit of the system: the file may not grow beyond it", async () => {
    await saveCheckpoint(file, filled(5));
    const script = `ulimit -f 1024; exec "$0" "$@"`; // at most 1 MiB, or half of it, by the shell's block size
    const node = [process.execPath, bundle, "save", file, "6"];
    const child = spawn("sh", ["-c", script, ...node], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const [status] = (await once(child, "close")) as [number];
    expect(status).toBe(1);
    expect(said).toContain("EFBIG");
    expect([await present(), temporaryFiles()]).toEqual([5, []]);
  });

  it("a folder in which nothing else may be touched by a failed save", async () => {
    writeFileSync(join(place, "other"), "untouched");
    using _faults = injectFaults("ENOSPC@checkpoint.written:2");
    await expect(saveCheckpoint(file, filled(6))).rejects.toThrow("ENOSPC");
    expect(readdirSync(place)).toEqual(["other"]);
    expect(readFileSync(join(place, "other"), "utf8")).toBe("untouched");
  });
});
