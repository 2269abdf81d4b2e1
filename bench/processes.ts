/**
 * Whole processes in turns, with their output to /dev/null: builds of the command line beside each other, ripgrep,
 * Node alone. CPU time counts as well: it says more than time on a machine that others use.
 *
 *   npx tsx bench/processes.ts ROUNDS "NAME=COMMAND …" …
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { summarize } from "../src/bench/report/document.ts";

interface Lane {
  readonly name: string;
  readonly command: readonly string[];
  readonly samplesUs: number[];
  cpuMs: number;
}

/** Milliseconds of CPU time that ended children of this process took. Linux counts in steps of 10 ms. */
function childrenCpuMs(): number {
  const fields = readFileSync("/proc/self/stat", "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return 10 * (Number(fields[13]) + Number(fields[14]));
}

const [rounds, ...specs] = process.argv.slice(2);
if (rounds === undefined || specs.length === 0) throw new Error('say: ROUNDS "NAME=COMMAND …" …');
const lanes = specs.map((spec): Lane => {
  const [name = "", ...rest] = spec.split("=");
  return { name, command: rest.join("=").split(" "), samplesUs: [], cpuMs: 0 };
});
for (let round = 0; round < Number(rounds); round++) {
  for (const lane of lanes) {
    const [program = "", ...args] = lane.command;
    const cpuMs = childrenCpuMs();
    const begin = performance.now();
    const { error } = spawnSync(program, args, { stdio: "ignore" });
    if (error !== undefined) throw error;
    lane.samplesUs.push((performance.now() - begin) * 1000);
    lane.cpuMs += childrenCpuMs() - cpuMs;
  }
}
process.stdout.write("| process | min ms | p50 ms | p90 ms | CPU, mean ms |\n|---|--:|--:|--:|--:|\n");
for (const { name, samplesUs, cpuMs } of lanes) {
  const { minUs, p50Us, p90Us } = summarize(samplesUs);
  const cells = [minUs / 1000, p50Us / 1000, p90Us / 1000, cpuMs / samplesUs.length].map((ms) =>
    ms.toFixed(1),
  );
  process.stdout.write(`| ${[name, ...cells].join(" | ")} |\n`);
}
