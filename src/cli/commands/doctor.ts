/**
 * `everwarp doctor`: what this machine offers, and what everwarp will use.
 *
 * Each probe runs in its own process with a time limit. A driver that hangs or crashes becomes a line of the
 * report.
 */
import type { ParseArgsConfig } from "node:util";
import { examine, answerProbe, type ProbeRunner, runProbeApart, reportText } from "../doctor/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { readOptions } from "./options.ts";

const USAGE = `everwarp doctor [--json] [--fresh] [--long]

Shows what this machine offers: Vulkan, its devices, and what was measured of each.
The first time takes some seconds a device. The readings are kept in the device's profile.

  --fresh  measure every device again, instead of reading its profile
  --long   keep a kernel running for 3 s, also where a watchdog may end it (and with
           it, for a moment, the display)
  --json   one JSON document
`;

const OPTIONS = {
  options: {
    json: { type: "boolean" },
    fresh: { type: "boolean" },
    long: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    // Internal use: runs one probe on one device and prints JSON.
    probe: { type: "string" },
  },
} as const satisfies ParseArgsConfig;

/** In the place of what really runs, for tests. */
export interface DoctorOverrides {
  readonly runProbe?: ProbeRunner;
}

/** @returns the exit code: 0, also where there is no device; 2 for options that are not understood */
export async function run(
  argv: readonly string[],
  context: CommandContext,
  overrides: DoctorOverrides = {},
): Promise<number> {
  const { values } = readOptions("doctor", argv, OPTIONS);
  const print = (text: string): void => context.writeOut(Buffer.from(text));
  if (values.help === true) {
    print(USAGE);
    return 0;
  }
  if (values.probe !== undefined) {
    print(await answerProbe(values.probe));
    return 0;
  }
  const report = await examine({
    isFresh: values.fresh === true,
    isLong: values.long === true,
    runProbe: overrides.runProbe ?? runProbeApart,
    ...(context.stderrIsTerminal
      ? { onProbe: (device, probe) => context.writeError(`${device}: ${probe} …\n`) }
      : {}),
  });
  print(values.json === true ? `${JSON.stringify(report, undefined, 1)}\n` : reportText(report));
  return 0;
}
