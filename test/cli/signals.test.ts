/** A search on a device dies of a signal, as programs do, and stops its kernel before. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir } from "../support/cli.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { until } from "../support/patience.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const dir = new Dir("signals");
let program: string;
beforeAll(async () => {
  program = await bundledCommandLine();
  for (let index = 0; index < 2000; index++) dir.file(`f${index}`, `line of file ${index}\n`.repeat(100));
});
afterAll(() => dir.remove());

/** While a device is open, nothing but us ends the process: from the moment at which the loader of Vulkan is there. */
function hasOpened(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, "latin1").includes("libvulkan.so");
  } catch {
    return true; // it has ended, which the test is told below
  }
}

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  it.each([0, 50])("%d ms after a device is opened", async (afterMs) => {
    const words = ["search", "--device", String(testDeviceInfo().index), "line", "."];
    const child = spawn(process.execPath, [program, ...words], {
      cwd: dir.path,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const end = new Promise((resolve) => child.on("exit", (code, how) => resolve(how ?? code)));
    await until(() => hasOpened(Number(child.pid)));
    await sleep(afterMs);
    child.kill(signal);
    expect(await end).toBe(signal);
    expect(said).toBe("");
  });
});
