/**
 * Runs the specification's test suite for WebAssembly, and prints how many of its commands held, by kind.
 *
 *   npm run conformance:wasm -- [FOLDER] [--engine device|compiled|reference|node] [--only PATTERN] [--failures N]
 *
 * FOLDER has `.wast` files, which `wast2json` of wabt translates: the suite itself (WebAssembly/testsuite). Without
 * FOLDER, the copy in Debian's source of binaryen is downloaded, and run as far as WebAssembly 2.0 goes. Exits with 1
 * where something did not hold, or where less of that copy was executed than it has.
 */
import { parseArgs } from "node:util";
import type { Device } from "../src/vulkan/index.ts";
import { LEFT_OUT_FORMS, LEFT_OUT_SCRIPTS } from "../test/support/wasm-spec/binaryen-left-out.ts";
import { modernText } from "../test/support/wasm-spec/binaryen-text.ts";
import { DeviceSpecEngine, kernelRuns } from "../test/support/wasm-spec/device-engine.ts";
import type { SpecEngine } from "../test/support/wasm-spec/engine.ts";
import { NodeSpecEngine } from "../test/support/wasm-spec/node-engine.ts";
import { runOnReference, StoreSpecEngine } from "../test/support/wasm-spec/reference-engine.ts";
import { runScript, type SpecReport } from "../test/support/wasm-spec/run-script.ts";
import { scriptNames, type ScriptOptions, withScript } from "../test/support/wasm-spec/script.ts";
import { openNamedDevice } from "./named-device.ts";
// @ts-expect-error: `npm test` is plain JavaScript, so that it runs before anything is built.
import { findSpecSuite } from "./spec-suite.mjs";

/** A folder of scripts, and how they are run. */
interface Suite extends ScriptOptions {
  readonly folder: string;
  readonly leftOutScripts: ReadonlyMap<string, string>;
  readonly leftOutForms: ReadonlyMap<string, string>;
  /** How many commands there are at least, by kind. */
  readonly least: Readonly<Record<string, number>>;
}

/** What binaryen 108 has without what is left out, translated by wabt 1.0.32. */
const LEAST = {
  assert_exhaustion: 15,
  assert_invalid: 1423,
  assert_malformed: 662,
  assert_return: 17_407,
  assert_trap: 513,
  assert_uninstantiable: 34,
  assert_unlinkable: 88,
};

const ENGINES: Readonly<Record<string, () => SpecEngine>> = {
  device: () => new DeviceSpecEngine((device ??= openNamedDevice())),
  reference: () => new StoreSpecEngine(runOnReference),
  // Functions that are not compiled are interpreted.
  compiled: () => new DeviceSpecEngine((device ??= openNamedDevice()), "always"),
  node: () => new NodeSpecEngine(),
};
let device: Device | undefined;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string", default: "device" },
    only: { type: "string" },
    failures: { type: "string", default: "20" },
  },
});
const makeEngine = ENGINES[values.engine];
if (makeEngine === undefined || positionals.length > 1) {
  console.error(
    `usage: conformance-wasm [FOLDER] [--engine ${Object.keys(ENGINES).join("|")}] [--only PATTERN] [--failures N]`,
  );
  process.exit(2);
}

function suiteOf(folder: string | undefined): Suite {
  const none = new Map<string, string>();
  if (folder !== undefined) return { folder, leftOutScripts: none, leftOutForms: none, least: {} };
  const found = findSpecSuite() as { folder?: string; wast2json?: string; reason?: string };
  if (found.folder === undefined) {
    console.error(
      `conformance-wasm: there is no Debian copy of the suite, because ${found.reason}. Name a FOLDER.`,
    );
    process.exit(2);
  }
  return {
    folder: found.folder,
    wast2json: found.wast2json!,
    modernText,
    leftOutScripts: LEFT_OUT_SCRIPTS,
    leftOutForms: LEFT_OUT_FORMS,
    least: values.only === undefined ? LEAST : {},
  };
}

async function main(make: () => SpecEngine, suite: Suite): Promise<void> {
  const report: SpecReport = { counts: new Map(), failures: [] };
  const all = await scriptNames(
    suite.folder,
    values.only === undefined ? undefined : new RegExp(values.only),
  );
  const names = all.filter((name) => !suite.leftOutScripts.has(name));
  for (const name of names) {
    const engine = make();
    try {
      await withScript(suite.folder, name, suite, (script) => runScript(script, engine, report));
    } finally {
      await engine.close();
    }
  }
  if (names.length === 0) report.failures.push(`${suite.folder} has no .wast files that are asked for`);
  for (const [kind, least] of Object.entries(suite.least)) {
    const executed = report.counts.get(kind)?.executed ?? 0;
    if (executed < least) report.failures.push(`${executed} of at least ${least} ${kind} were executed`);
  }
  printLeftOut(suite);
  print(report, names.length);
}

function printLeftOut({ leftOutScripts, leftOutForms }: Suite): void {
  const byReason = new Map<string, string[]>();
  for (const [entry, reason] of [...leftOutScripts, ...leftOutForms])
    byReason.set(reason, [...(byReason.get(reason) ?? []), entry]);
  for (const [reason, entries] of byReason) console.log(`not run: ${entries.join(" ")} (${reason})`);
}

function print({ counts, failures }: SpecReport, scripts: number): void {
  console.log(`${scripts} scripts on the engine "${values.engine}"`);
  let assertions = 0;
  for (const [kind, { executed, passed }] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`${kind.padEnd(24)} ${String(passed).padStart(7)} of ${String(executed).padStart(7)}`);
    if (kind.startsWith("assert_")) assertions += executed;
  }
  console.log(`${assertions} assertions were executed, and ${failures.length} things did not hold.`);
  for (const failure of failures.slice(0, Number(values.failures))) console.log(failure);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

await main(makeEngine, suiteOf(positionals[0]));
if (device !== undefined) {
  const { count, compiledCalls } = kernelRuns;
  const { name, driverInfo } = device.info;
  console.log(
    `${count} runs of kernels on ${name}, ${driverInfo}; ${compiledCalls} calls of compiled functions`,
  );
  device.close();
}
