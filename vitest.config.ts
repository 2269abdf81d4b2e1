import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { TEST_TIMEOUT_MS } from "./test/support/patience.ts";
import { FailureReporter } from "./test/support/failure-reporter.ts";
import { SkipReporter } from "./test/support/skip-reporter.ts";
import { testsWithOwnProcess } from "./test/support/own-process.ts";

const UNIT = ["src/**/*.test.ts", "scripts/**/*.test.ts"];
const apart = testsWithOwnProcess(import.meta.dirname, ["src", "scripts"]);

export default defineConfig({
  test: {
    // Against hangs alone: no test is measured by it, and on a busy machine everything takes many times as long.
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    pool: "forks", // a driver that crashes takes one file's process with it, not the run
    // One for each processor; vitest leaves one free, which on two of them is half.
    maxWorkers: availableParallelism(),
    setupFiles: ["test/support/given-seed.ts"],
    reporters: ["default", new SkipReporter(), new FailureReporter()],
    projects: [
      { extends: true, test: { name: "shared", include: UNIT, exclude: apart, isolate: false } },
      { extends: true, test: { name: "apart", include: ["test/**/*.test.ts", ...apart] } },
    ],
  },
});
