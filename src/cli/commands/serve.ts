/** `everwarp serve`: the daemon in the foreground, its state, and its end. */
import type { ParseArgsConfig } from "node:util";
import { packageVersion } from "../../base/index.ts";
import {
  askForReport,
  askToStop,
  DaemonServer,
  type DaemonServerOptions,
  runtimeFolder,
} from "../../daemon/index.ts";
import { ResidentSearch, statusText } from "../serving/index.ts";
import { type CommandContext, failureText } from "../terminal/index.ts";
import { badArgument, readOptions } from "./options.ts";
import { readArguments } from "./search.ts";

const USAGE = `everwarp serve [PATH…] [--idle-minutes N]
everwarp serve --status [--json]
everwarp serve --stop

Starts a daemon in the foreground. It answers every everwarp search of this user in the
trees named: PATH…, or else the working directory. A daemon of a user is one process.

  --idle-minutes N  end when nobody has searched for so long; without it, it stays
  --status          what the daemon holds and has done
  --stop            end the daemon, and wait until it has ended
  --json            with --status: one JSON document

everwarp search --daemon auto starts one by itself, which ends after 30 idle minutes.
Exit codes: 0 it has ended, or did what it was asked for; 2 something went wrong.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    "idle-minutes": { type: "string" },
    status: { type: "boolean" },
    stop: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("serve", argv, OPTIONS);
  const print = (text: string): void => context.writeOut(Buffer.from(text));
  const at = runtimeFolder(context.env);
  if (values.help === true) print(USAGE);
  else if (values.stop === true) await askToStop(at);
  else if (values.status === true) {
    const report = await askForReport(at);
    print(values.json === true ? `${JSON.stringify(report, undefined, 1)}\n` : statusText(report));
  } else await serve(positionals, minutesOf(values["idle-minutes"]), context);
  return 0;
}

async function serve(
  paths: readonly string[],
  idleMinutes: number | undefined,
  context: CommandContext,
): Promise<void> {
  const at = runtimeFolder(context.env);
  const tell = (text: string): void => context.writeError(`everwarp: ${text}\n`);
  const service = await ResidentSearch.open({ readArguments, onDegraded: tell });
  const options: DaemonServerOptions = {
    at,
    version: packageVersion(),
    trees: paths.length === 0 ? ["."] : paths,
    service,
    onFault: (error) => tell(failureText(error)),
    idleMinutes,
  };
  const server = await DaemonServer.open(options).catch(async (error: unknown) => {
    await service.close();
    throw error;
  });
  // The folder where the daemon was started may go, and be on a file system that is to be unmounted.
  process.chdir("/");
  const end = (): void => {
    // A second signal ends the process at once.
    for (const signal of SIGNALS) process.off(signal, end);
    void server.close();
  };
  for (const signal of SIGNALS) process.on(signal, end);
  context.writeError(`everwarp: serving ${server.report().trees.join(", ")} at ${at.socket}\n`);
  await server.ended;
  for (const signal of SIGNALS) process.off(signal, end);
}

function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  // A timer of Node takes 24 days.
  if (text.trim() !== "" && minutes > 0 && minutes <= 30_000) return minutes;
  throw badArgument(
    `--idle-minutes is ${JSON.stringify(text)}`,
    "It is a number above 0, and at most 30000.",
  );
}
