// Shows what no test would notice: makes small changes in a copy of the package, one at a time, and runs the tests that
// cover the changed file. A change that no test fails with has survived, and is listed.
//
//   node scripts/mutate.mjs src/search/matcher src/paths/table/hash.ts --sample 50 --seed 7
//
//   --sample N   N of the changes, chosen by the seed (all of them)
//   --seed N     the seed of the choice and of property tests (chosen by the clock, and told)
//   --tests DIR  where the covering tests are looked for; may be given again (the room of the changed file)
//   --limit N    seconds after which a run counts as hung, and its change as noticed (120)
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { listMutations } from "./mutation-rules.mjs";
import { listFiles, listImports, parseFile } from "./source-files.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    tests: { type: "string", multiple: true },
    limit: { type: "string", default: "120" },
  },
});
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
if (positionals.length === 0) fail("name the files or folders to change, for example src/search/matcher");

const mutations = choose(positionals.flatMap(listSources).flatMap(listMutations));
console.log(`${mutations.length} changes, seed ${values.seed}`);
const users = readUsers();
const copy = copyPackage();
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const survivors = [];
const untouched = new Set();
for (const [index, mutation] of mutations.entries()) {
  await expectGreen(mutation.file);
  const outcome = await tryOut(mutation);
  if (outcome === "survived") survivors.push(mutation);
  console.log(`${index + 1}/${mutations.length} ${outcome} ${describe(mutation)}`);
}
console.log(`\n${survivors.length} of ${mutations.length} changes survived`);
for (const mutation of survivors) console.log(describe(mutation));

function listSources(name) {
  const files = statSync(name).isFile() ? [name] : listFiles(name, [".ts"], `${name.replace(/\/$/, "")}/`);
  return files.filter((file) => !/\.test\.ts$|\.schema\.ts$|\/generated\/|\/assembly\//.test(file));
}

function choose(all) {
  const random = makeRandom(Number(values.seed));
  const keyed = all.map((mutation) => ({ mutation, key: random() })).sort((a, b) => a.key - b.key);
  return keyed.slice(0, Number(values.sample ?? all.length)).map(({ mutation }) => mutation);
}

/** Mulberry32: the same seed makes the same choice. */
function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tests of the working tree, changed and new files included. What is installed is shared; what is built is not. */
function copyPackage() {
  const folder = mkdtempSync(path.join(tmpdir(), "everwarp-mutations-"));
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  for (const file of new Set(listed.trim().split("\n"))) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(file, path.join(folder, file), { errorOnExist: false, force: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  return folder;
}

function roomOf(file) {
  return file.split("/").slice(0, 2).join("/");
}

/** A test that fails without a change would notice every change. */
async function expectGreen(file) {
  if (untouched.has(file)) return;
  untouched.add(file);
  if (listCovering(file, values.tests ?? [roomOf(file)]).length === 0) console.log(`no test covers ${file}`);
  const result = await runTests(file);
  if (result !== "survived") fail(`the tests that cover ${file} fail without a change, too (${result})`);
}

/** Others may work on the files of this tree meanwhile, so everything happens in the copy. */
async function tryOut({ file, start, end, text }) {
  const original = readFileSync(path.join(copy, file), "utf8");
  writeFileSync(path.join(copy, file), original.slice(0, start) + text + original.slice(end));
  try {
    return await runTests(file);
  } finally {
    writeFileSync(path.join(copy, file), original);
  }
}

/** Tests in the folder of the changed file come first, since most changes are noticed there. */
async function runTests(file) {
  const folders = values.tests ?? [roomOf(file)];
  const covering = listCovering(file, folders);
  const isNear = (test) => path.dirname(test) === path.dirname(file);
  for (const tests of [covering.filter(isNear), covering.filter((test) => !isNear(test))]) {
    if (tests.length === 0) continue;
    const result = await run([
      "node_modules/vitest/vitest.mjs",
      "run",
      ...tests,
      "--bail=1",
      "--maxWorkers=1",
    ]);
    if (result !== "survived") return result;
  }
  return "survived";
}

/** Tests in the given files and folders that import a file, however far away. */
function listCovering(file, folders) {
  const importers = new Set([file]);
  for (const each of importers) for (const importer of users.get(each) ?? []) importers.add(importer);
  const isChosen = (test) => folders.some((folder) => test === folder || test.startsWith(`${folder}/`));
  return [...importers].filter((each) => each.endsWith(".test.ts") && isChosen(each));
}

/** Who imports a file, or names it as the code of a thread or process. */
function readUsers() {
  const found = new Map();
  const files = ["src", "test"].flatMap((folder) => listFiles(folder, [".ts"], `${folder}/`));
  for (const file of files.filter((name) => !name.includes("/assembly/"))) {
    const parsed = parseFile(file);
    const named = [...parsed.text.matchAll(/new URL\(\s*"(\.[^"]+)"/g)].map((match) => match[1]);
    for (const specifier of [...named, ...listImports(parsed).map((one) => one.specifier)]) {
      const target = path.join(path.dirname(file), specifier);
      found.set(target, [...(found.get(target) ?? []), file]);
    }
  }
  return found;
}

/** The run gets a process group of its own, so that nothing of a run that hangs stays behind. */
function run(words) {
  const environment = { ...process.env, EVERWARP_PROPERTY_SEED: values.seed };
  const child = spawn(process.execPath, words, {
    cwd: copy,
    env: environment,
    stdio: "ignore",
    detached: true,
  });
  return new Promise((resolve) => {
    const end = () => process.kill(-Number(child.pid), "SIGKILL");
    process.once("exit", end);
    const timer = setTimeout(
      () => {
        end();
        resolve("hung");
      },
      Number(values.limit) * 1000,
    );
    child.once("close", (status) => {
      clearTimeout(timer);
      process.off("exit", end);
      resolve(status === 0 ? "survived" : "noticed");
    });
  });
}

function describe({ file, line, kind, before, text }) {
  const shorten = (words) => words.replace(/\s+/g, " ").slice(0, 60);
  return `${file}:${line} ${kind}: ${shorten(before)} → ${shorten(text) || "nothing"}`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
