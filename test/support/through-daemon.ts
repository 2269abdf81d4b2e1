/**
 * Searches of tests, through a daemon: EVERWARP_TEST_DAEMON=1 gives each test file that runs searches one daemon, which
 * serves all its trees. What the daemon leaves to its clients is searched as ever. A file of which it answers no search
 * fails.
 */
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect } from "vitest";
import { searchThroughDaemon } from "../../src/cli/daemon-search.ts";
import type { CommandContext } from "../../src/cli/terminal/command-context.ts";
import { DaemonPlaceForTests } from "./daemon-process.ts";

let place: DaemonPlaceForTests | undefined;

if (process.env["EVERWARP_TEST_DAEMON"] === "1") {
  beforeAll(async () => {
    place = new DaemonPlaceForTests();
    await place.serve(tmpdir());
  });
  afterAll(async () => {
    if (place === undefined) return;
    const { searches } = await place.report();
    await place.stop();
    place[Symbol.dispose]();
    expect(searches.answered, "searches that the daemon answered").toBeGreaterThan(0);
    expect(searches.failed, "searches that failed in the daemon").toBe(0);
  });
}

/** The variables by which a client finds the daemon; none where tests use no daemon. */
export function daemonVariables(): Record<string, string> {
  return place?.env ?? {};
}

/** @returns the exit code; undefined where no daemon answers */
export async function searchInTestDaemon(
  args: readonly string[],
  context: CommandContext,
): Promise<number | undefined> {
  if (place === undefined) return undefined;
  return searchThroughDaemon(args, { ...context, env: { ...context.env, ...place.env } });
}
