/**
 * The entry point of `everwarp`.
 *
 *     main.cjs ──search through a daemon, or on the host──▶ done
 *         └──everything else──▶ every-command.cjs
 *
 * Most starts are a search that a daemon answers, or the host. So that is in a bundle of its own, a fifth of the other.
 * Whatever else is asked for, the other bundle does from the beginning, as if it had been asked first.
 */
import { searchThroughDaemon } from "./daemon-search.ts";
import { searchOnHost } from "./host-search.ts";
import { exactArguments, processContext } from "./terminal/index.ts";

async function start(argv: readonly string[]): Promise<void> {
  // Faults happen in the other bundle: each bundle has its own.
  if (argv[0] === "search" && process.env["EVERWARP_ALLOW_FAULTS"] !== "1") {
    const context = processContext();
    const code =
      (await searchThroughDaemon(argv.slice(1), context)) ?? (await searchOnHost(argv.slice(1), context));
    if (code !== undefined) return void (process.exitCode = code);
  }
  await import("./every-command.ts");
}

void start(exactArguments(process.argv.slice(2)));
