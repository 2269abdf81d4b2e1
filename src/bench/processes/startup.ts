/** `startup`: what the command line costs before it does anything. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type BenchCase, limitsOf, reportError, reportSamples } from "../context/index.ts";
import { type Contender, expectResult, measureInTurn } from "../measure/index.ts";
import { BARE_NODE, everwarpCommand, findRipgrep, processContender } from "./processes.ts";

/** The case `startup`. */
export const startup: BenchCase = {
  name: "startup",
  summary: "everwarp --version, and a search of an empty folder, beside a bare node -e 0",
  limitMs: 20_000,
  async run(context) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-bench-"));
    try {
      const wanted: [name: string, open: () => Contender][] = [
        ["node -e 0", () => processContender(BARE_NODE, 0, expectNothing)],
        ["everwarp --version", () => processContender([...everwarpCommand(), "--version"], 0, expectVersion)],
        [
          "everwarp search, no file",
          () => processContender([...everwarpCommand(), "search", "x", "."], 1, expectNothing, folder),
        ],
        ["rg --version", () => processContender([findRipgrep(), "--version"], 0, expectVersion)],
        [
          "rg, no file",
          () => processContender([findRipgrep(), "--no-config", "x", "."], 1, expectNothing, folder),
        ],
      ];
      const keyOf = (name: string): { case: string; subject: string; contender: string } => ({
        case: context.caseName,
        subject: "whole process",
        contender: name,
      });
      const lanes: { name: string; contender: Contender; samplesUs: number[] }[] = [];
      for (const [name, open] of wanted) {
        try {
          lanes.push({ name, contender: open(), samplesUs: [] });
        } catch (error) {
          reportError(context, keyOf(name), error);
        }
      }
      await measureInTurn(
        lanes.map(({ contender }) => contender),
        lanes.map(({ samplesUs }) => samplesUs),
        limitsOf(context, { maxSamples: 40, budgetMs: 2000 }),
        context.signal,
      );
      let bareUs = 0;
      for (const { name, samplesUs } of lanes) {
        const median = samplesUs.toSorted((a, b) => a - b)[samplesUs.length >> 1] as number;
        if (name === "node -e 0") bareUs = median;
        const facts: Record<string, string> = name.startsWith("everwarp")
          ? { "ms over node": ((median - bareUs) / 1000).toFixed(1) }
          : {};
        reportSamples(context, keyOf(name), samplesUs, { expected: "its exit code and output", facts });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function expectNothing(stdout: Buffer): void {
  expectResult("bytes of output", stdout.length, 0);
}

function expectVersion(stdout: Buffer): void {
  expectResult("output is a version", /^\S+ \d+\.\d+\.\d+/.test(stdout.toString("utf8")), true);
}
