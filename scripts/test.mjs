// `npm test`: everything that must hold before a change lands.
//
// Kernels are tested on a real Vulkan driver. Where the machine has none, the software one is installed from the
// distribution's packages (Debian or Ubuntu, as root or through sudo); otherwise the run stops at once and names the
// packages. Where that driver is a Mesa before 25.0, which limits the loops of a shader, a newer one is unpacked beside
// it and the device tests run on both. So do the specification's scripts for WebAssembly, where Debian's packages
// can be downloaded.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findSecondDriver, installDriver } from "./software-driver.mjs";
import { findSpecSuite } from "./spec-suite.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

if (!existsSync("node_modules/vitest")) fail("the development dependencies are missing. Run `npm ci` first.");

step("build", process.execPath, ["scripts/build.mjs"]);
let devices = listDevices();
if (devices.length === 0) {
  installDriver(fail);
  devices = listDevices();
  if (devices.length === 0) fail("the driver was installed and still no Vulkan device is found.");
}
console.log(`Vulkan devices: ${devices.map((device) => `${device.name}, ${device.driverInfo}`).join("; ")}`);

step("static checks", process.execPath, ["scripts/check.mjs"]);
step("tests", process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)]);

step(
  "the command line through a daemon",
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    ...["combinations", "messages", "pattern-nul", "process", "random", "redirected", "repository"].map(
      (name) => `test/cli/${name}.test.ts`,
    ),
  ],
  { EVERWARP_TEST_DAEMON: "1" },
);

const specSuite = findSpecSuite();
const runSpecSuite = (driver, environment) =>
  specSuite.folder === undefined
    ? console.log(
        `the specification's scripts for WebAssembly on ${driver}: skipped, because ${specSuite.reason}`,
      )
    : step(
        `the specification's scripts for WebAssembly on ${driver}`,
        process.execPath,
        ["--import", "tsx", "scripts/conformance-wasm.ts"],
        environment,
      );
runSpecSuite("the device");

const second = findSecondDriver(devices);
if (second.file === undefined) {
  console.log(`device tests on a second driver: skipped, because ${second.reason}`);
} else {
  step(
    `device tests on ${second.name}`,
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "test/device",
      "test/conformance",
      "test/faults",
      // Files and processes, whatever the driver.
      "--exclude=test/faults/checkpoint-file.test.ts",
      "--exclude=test/faults/program-cache.test.ts",
    ],
    { VK_DRIVER_FILES: second.file },
  );
  runSpecSuite(second.name, { VK_DRIVER_FILES: second.file });
}

function step(title, command, commandArguments, environment = {}) {
  console.log(`\n── ${title}`);
  const result = spawnSync(command, commandArguments, {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  if (result.status !== 0) {
    console.error(`everwarp: ${title} failed`);
    process.exit(result.status ?? 1);
  }
}

/** What the built library finds; an empty list where there is no loader or no driver. */
function listDevices() {
  const script = `import("./dist/index.js").then(async ({ listDevices }) => {
    try {
      const devices = await listDevices();
      console.log(JSON.stringify(devices.map(({ name, driverInfo, type }) => ({ name, driverInfo, type }))));
    } catch (error) { if (error.code !== "EW_NO_VULKAN") throw error; console.log("[]"); }
  })`;
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  if (result.status !== 0) fail(`the built library cannot list Vulkan devices:\n${result.stderr}`);
  return JSON.parse(result.stdout);
}

function fail(message) {
  console.error(`everwarp: ${message}`);
  process.exit(1);
}
