/**
 * Runs random modules on a device, on the reference of its kernel and on Node's WebAssembly, and counts differences.
 *
 *   npm run fuzz:wasm -- [--modules N] [--seed N] [--minutes N]
 *
 * Binaryen's fuzzer makes the modules, and a seed always makes the same ones. Exits with 1 where something differed or
 * hung. EVERWARP_TEST_DEVICE names the device, by a part of its name.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { EverwarpError } from "../src/base/index.ts";
import { randomSource } from "../test/support/numeric-cases.ts";
import { contestOf } from "../test/support/wasm-contest.ts";
import { randomModule } from "../test/support/wasm-random.ts";
import { openNamedDevice } from "./named-device.ts";

const { values } = parseArgs({
  options: {
    modules: { type: "string", default: "300" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    minutes: { type: "string", default: "60" },
  },
});
const [modules, seed, minutes] = [values.modules, values.seed, values.minutes].map(Number);
if (![modules, seed, minutes].every((number) => Number.isInteger(number) && number! >= 0)) {
  console.error("usage: fuzz-wasm [--modules N] [--seed N] [--minutes N], each a whole number");
  process.exit(2);
}

const device = openNamedDevice();
console.log(`seed ${seed} on ${device.info.name}, ${device.info.driverInfo}`);
const endsAt = performance.now() + minutes! * 60_000;
let [made, called, calls, differences, hangs] = [0, 0, 0, 0, 0];
for (; made < modules! && performance.now() < endsAt; made++) {
  const numbers = randomSource(seed! + made * 7919);
  try {
    const contest = await contestOf(randomModule(numbers), numbers, device);
    if (contest.calls > 0) called++;
    calls += contest.calls;
    differences += contest.differences.length;
    for (const each of contest.differences) console.log(`module ${made}: ${each}`);
  } catch (error) {
    if (!(error instanceof EverwarpError && error.code === "EW_TIMEOUT")) throw error;
    hangs++;
    console.log(`module ${made}: ${error.message}`);
  }
}
device.close();
console.log(
  `${made} modules, ${called} of them called, ${calls} calls: ${differences} differences, ${hangs} hangs`,
);
process.exitCode = differences + hangs > 0 || called === 0 ? 1 : 0;
