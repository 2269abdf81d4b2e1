/** An empty folder for each test of a file. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "vitest";

/**
 * Makes a new folder before each test, and removes all of them after the last.
 * @param name what the path of the folders says of the tests
 * @param use is given the folder of the next test
 */
export function eachInFreshFolder(name: string, use: (folder: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), `everwarp-${name}-`));
  let count = 0;
  beforeEach(() => {
    const folder = join(root, String(count++));
    mkdirSync(folder);
    use(folder);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
}
