/** `everwarp live`: search as you type, on a screen of its own. */
import type { ParseArgsConfig } from "node:util";
import { daemonUse } from "../../daemon/index.ts";
import {
  editorOf,
  openInEditor,
  type Place,
  runLive,
  terminalStreams,
  TreeSource,
} from "../../live/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { badArgument, deviceSelection, readOptions } from "./options.ts";

const USAGE = `everwarp live [PATH…] [OPTIONS]

Searches as you type: every key searches all files below the paths, or below the working
directory. Changes on disk are shown by themselves. F1 shows the keys.

  --open           Enter opens the hit in $VISUAL or $EDITOR, at its line
  --pattern TEXT   begin with this pattern
  -g, --glob GLOB  begin with this glob; may be given several times
  -., --hidden     hidden files too
  --daemon WHEN    running: the daemon of everwarp serve searches if it holds the tree
                   (the default), auto: one is started where none runs, off: none
  --device D       search without the daemon, on: auto, cpu, gpu, a part of a device's
                   name, or its index (everwarp doctor)
  --threads N      search without the daemon, with so many threads of the host

Without --open, Enter prints PATH:LINE:COLUMN on standard output when the screen is
restored. The screen is on standard error where standard output is no terminal, so
vim "$(everwarp live | cut -d: -f1)" works.
Exit codes: 0 a hit was chosen, 2 something went wrong, 130 left without one.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    open: { type: "boolean" },
    pattern: { type: "string" },
    glob: { type: "string", short: "g", multiple: true },
    hidden: { type: "boolean", short: "." },
    daemon: { type: "string" },
    device: { type: "string" },
    threads: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

/** What a shell says of a program that Ctrl-C ended. */
const LEFT = 130;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("live", argv, OPTIONS);
  if (values.help === true) {
    context.writeOut(Buffer.from(USAGE));
    return 0;
  }
  const editor = values.open === true ? editorOf(context.env) : undefined;
  const { device = "auto" } = values;
  const isOwn = values.device !== undefined || values.threads !== undefined;
  const source = new TreeSource({
    paths: positionals,
    daemon: isOwn ? "off" : daemonUse(argv, context.env),
    device: deviceSelection(device),
    ...(values.threads === undefined ? {} : { threads: threadsOf(values.threads) }),
  });
  const outcome = await runLive(
    {
      streams: terminalStreams(context.env),
      source,
      env: context.env,
      globs: values.glob ?? [],
      isHidden: values.hidden === true,
      ...(values.pattern === undefined ? {} : { pattern: values.pattern }),
    },
    (text) => context.writeError(`everwarp: ${text}\n`),
  );
  if (outcome.kind === "left") return LEFT;
  if (outcome.kind === "chosen") return taken(outcome.place, editor, context);
  process.kill(process.pid, outcome.signal);
  return LEFT;
}

function threadsOf(text: string): number {
  const threads = Number(text);
  if (Number.isSafeInteger(threads) && threads > 0) return threads;
  throw badArgument(`--threads is ${JSON.stringify(text)}`, "Give a whole number from 1 on.");
}

/** Opens or prints the hit that was chosen. @returns the exit code */
function taken(place: Place, editor: string | undefined, context: CommandContext): number {
  if (editor === undefined) {
    context.writeOut(Buffer.concat([place.path, Buffer.from(`:${place.line}:${place.column}\n`)]));
    return 0;
  }
  const code = openInEditor(editor, place);
  if (code === 0) return 0;
  context.writeError(`everwarp: the editor (${editor}) ended with exit code ${code}\n`);
  return 2;
}
