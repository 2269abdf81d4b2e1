/** A process whose working directory was removed, as one that uses the library. */
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { startWorkerThread } from "../../src/threads/index.ts";

// Node's threads ask for the working directory, and end where there is none.
it("no thread is started where the working directory was removed", async () => {
  const before = process.cwd();
  const folder = mkdtempSync(path.join(tmpdir(), "everwarp-gone-"));
  process.chdir(folder);
  try {
    rmdirSync(folder);
    await expect(startWorkerThread("lookup-worker", {})).rejects.toMatchObject({
      code: "EW_NO_THREAD",
      message: expect.stringContaining("working directory was removed") as string,
    });
  } finally {
    process.chdir(before);
  }
});
