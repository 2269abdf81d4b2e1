/**
 * Runs the specification's test suite for WebAssembly, and prints how many of its commands held, by kind.
 *
 *   npm run conformance:wasm -- FOLDER [--engine node|reference|device|compiled] [--only PATTERN] [--failures N]
 *
 * FOLDER has `.wast` files: the suite itself (WebAssembly/testsuite), or `test/spec` of the source package of binaryen.
 * `wast2json` of wabt translates them; Debian's package `wabt` has it. Exits with 1 where something did not hold.
 */
import { parseArgs } from "node:util";
import { Device, listDevices } from "../src/vulkan/index.ts";
import { DeviceSpecEngine, kernelRuns } from "../test/support/wasm-spec/device-engine.ts";
import type { SpecEngine } from "../test/support/wasm-spec/engine.ts";
import { NodeSpecEngine } from "../test/support/wasm-spec/node-engine.ts";
import { runOnReference, StoreSpecEngine } from "../test/support/wasm-spec/reference-engine.ts";
import { runScript, type SpecReport } from "../test/support/wasm-spec/run-script.ts";
import { scriptsOf } from "../test/support/wasm-spec/script.ts";

const ENGINES: Readonly<Record<string, () => SpecEngine>> = {
  node: () => new NodeSpecEngine(),
  reference: () => new StoreSpecEngine(runOnReference),
  device: () => new DeviceSpecEngine((device ??= openTestDevice())),
  // Functions that are not compiled are interpreted.
  compiled: () => new DeviceSpecEngine((device ??= openTestDevice()), "always"),
};
/** What EVERWARP_TEST_DEVICE names, else the best device, a software one too. */
let device: Device | undefined;

function openTestDevice(): Device {
  const named = process.env["EVERWARP_TEST_DEVICE"];
  const select = named === undefined ? listDevices()[0]?.index : named;
  return Device.open({ allowSoftware: true, ...(select === undefined ? {} : { select }) });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string", default: "node" },
    only: { type: "string" },
    failures: { type: "string", default: "20" },
  },
});
const makeEngine = ENGINES[values.engine];
const folder = positionals[0];
if (makeEngine === undefined || folder === undefined) {
  console.error(
    `usage: conformance-wasm FOLDER [--engine ${Object.keys(ENGINES).join("|")}] [--only PATTERN]`,
  );
  process.exit(2);
}

async function main(make: () => SpecEngine, scripts: string): Promise<void> {
  const report: SpecReport = { counts: new Map(), failures: [] };
  let files = 0;
  for await (const script of scriptsOf(
    scripts,
    values.only === undefined ? undefined : new RegExp(values.only),
  )) {
    const engine = make();
    try {
      await runScript(script, engine, report);
    } finally {
      await engine.close();
    }
    files++;
  }
  for (const failure of report.failures.slice(0, Number(values.failures))) console.log(failure);
  console.log(`${files} scripts on the engine "${values.engine}"`);
  for (const [kind, { executed, passed }] of [...report.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${kind.padEnd(24)} ${String(passed).padStart(7)} of ${String(executed).padStart(7)}`);
  if (files === 0) console.log(`${scripts} has no .wast files`);
  process.exitCode = files === 0 || report.failures.length > 0 ? 1 : 0;
}

await main(makeEngine, folder);
if (device !== undefined) {
  const { count, compiledCalls } = kernelRuns;
  console.log(
    `${count} runs of kernels on ${device.info.name}, ${compiledCalls} calls of compiled functions`,
  );
  device.close();
}
