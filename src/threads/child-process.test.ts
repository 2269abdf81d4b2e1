/** Whatever a child process does, the caller gets an answer. */
import { expect, test } from "vitest";
import { runChild } from "./child-process.ts";
import { patientMs } from "../../test/support/patience.ts";

const node = (script: string, timeoutMs = patientMs(20_000)): Promise<string> =>
  runChild(process.execPath, ["-e", script], timeoutMs);

test("the output of a program is returned", async () => {
  expect(await node('process.stdout.write("a".repeat(100_000) + "é")')).toBe(`${"a".repeat(100_000)}é`);
});
test("an endless loop is killed", async () => {
  const begin = performance.now();
  await expect(node("for (;;);", 500)).rejects.toMatchObject({ code: "EW_TIMEOUT" });
  expect(performance.now() - begin).toBeGreaterThanOrEqual(499);
});
test("a process that ignores SIGTERM is killed too", async () => {
  await expect(
    node('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', 500),
  ).rejects.toMatchObject({
    code: "EW_TIMEOUT",
  });
});
test("a crash is reported with its signal, a failure with its last output", async () => {
  await expect(
    node('process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000)'),
  ).rejects.toMatchObject({
    code: "EW_WORKER_DIED",
    message: expect.stringContaining("SIGSEGV") as string,
  });
  await expect(node('console.error("first"); console.error("last"); process.exit(3)')).rejects.toMatchObject({
    code: "EW_WORKER_DIED",
    message: "it ended with exit code 3: last",
  });
});
test("a missing program is an error", async () => {
  await expect(runChild("/nonexistent/program", [], patientMs(20_000))).rejects.toMatchObject({
    code: "EW_WORKER_DIED",
  });
});
