/** All of the command line: it runs as soon as it is loaded, by main.ts or as a program of its own. */
import { main } from "./command-line.ts";
import { exactArguments } from "./terminal/index.ts";

async function start(): Promise<number> {
  // Loaded at once if faults are allowed. Most commands never reach a point, and a misspelt fault must not
  // look like one that did not happen.
  if (process.env["EVERWARP_ALLOW_FAULTS"] === "1") {
    try {
      await import("../base/faults.ts");
    } catch (error) {
      process.stderr.write(`everwarp: EVERWARP_FAULT: ${(error as Error).message}\n`);
      return 2;
    }
  }
  return main(exactArguments(process.argv.slice(2)));
}

void start().then((code) => {
  process.exitCode = code;
});
