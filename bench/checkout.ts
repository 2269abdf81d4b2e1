/**
 * How long after a `git checkout` that changes many files the answers of a daemon are right.
 *
 *   npx tsx bench/checkout.ts [--files N] [--rounds N]      one line of JSON a checkout
 *
 * The repository is made for this. After each checkout one query is asked again and again. `firstMs`: the daemon has
 * answered, or has left the search to its client, which reads the disk. `fromMemoryMs`: it has answered from memory.
 * A wrong answer ends the run. The build must be fresh (`npm run build`).
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { packageVersion } from "../src/base/index.ts";
import { askDaemon, askForReport, askToStop, NO_STREAMS, runtimeFolder } from "../src/daemon/index.ts";
import { report } from "./comparison.ts";

const { values } = parseArgs({
  options: { files: { type: "string", default: "10000" }, rounds: { type: "string", default: "6" } },
});
const changed = Number(values.files);
const folder = mkdtempSync(join(tmpdir(), "everwarp-checkout-"));
const tree = join(folder, "tree");
const at = runtimeFolder({ XDG_RUNTIME_DIR: folder });
const git = (...words: string[]): void =>
  void execFileSync("git", ["-C", tree, "-c", "user.name=e", "-c", "user.email=e@e", ...words], {
    stdio: "ignore",
  });

/** All files, of which the first `changed` are of a version. */
function write(version: number): void {
  for (let file = 0; file < 2 * changed; file++) {
    const path = join(tree, `part-${file % 100}`, `folder-${file % 700}`);
    if (file < 700) mkdirSync(path, { recursive: true });
    if (version > 0 && file >= changed) break;
    mkdirSync(path, { recursive: true });
    const text = `int value_${file} = ${version};\n${"static void nothing(void) { return; }\n".repeat(60)}`;
    writeFileSync(join(path, `file-${file}.c`), file < changed ? `${text}needle version ${version}\n` : text);
  }
}

/** @returns the count of the lines, and whether the daemon has answered */
async function ask(pattern: string): Promise<{ count: number; isAnswered: boolean }> {
  const pieces: Buffer[] = [];
  const request = {
    clientVersion: packageVersion(),
    cwd: tree,
    argv: ["-c", "--no-filename", pattern],
    env: {},
    facts: NO_STREAMS,
  };
  const client = {
    writeOut: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)),
    writeError: (text: string) => void process.stderr.write(text),
  };
  const code = await askDaemon(at, request, client);
  return {
    count: Buffer.concat(pieces).toString().split("\n").length - 1,
    isAnswered: typeof code === "number",
  };
}

mkdirSync(tree);
git("init", "-q");
for (const version of [0, 1]) {
  write(version);
  git("add", "-A");
  git("commit", "-qm", String(version));
  git("tag", `v${version}`);
}
const daemon = spawn(process.execPath, [resolve("bin/everwarp.cjs"), "serve", tree], {
  env: { ...process.env, XDG_RUNTIME_DIR: folder },
  stdio: ["ignore", "ignore", "pipe"],
});
try {
  await new Promise((done) => daemon.stderr.once("data", done));
  while (!(await ask("needle")).isAnswered) await sleep(200);
  for (let round = 0; round < Number(values.rounds); round++) {
    const version = round % 2;
    const checkoutMs = performance.now();
    git("checkout", "-q", `v${version}`);
    const beginMs = performance.now();
    let answer = await ask(`needle version ${version}`);
    const firstMs = performance.now() - beginMs;
    let leftCount = 0;
    while (!answer.isAnswered) {
      leftCount++;
      answer = await ask(`needle version ${version}`);
    }
    const fromMemoryMs = performance.now() - beginMs;
    if (answer.count !== changed || (await ask(`needle version ${1 - version}`)).count !== 0)
      throw new Error(`${answer.count} of ${changed} files are right`);
    const { service } = await askForReport(at);
    const { overflows, filesReadFromDisk } = service as { overflows: number; filesReadFromDisk: number };
    const row = { changed, checkoutMs: beginMs - checkoutMs, firstMs, leftCount, fromMemoryMs };
    report({ ...row, overflows, filesReadFromDisk });
    await sleep(3000);
  }
} finally {
  await askToStop(at).catch(() => daemon.kill("SIGKILL"));
  rmSync(folder, { recursive: true, force: true });
}
