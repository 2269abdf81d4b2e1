/** `everwarp cache`: manages the programs on disk. docs/programs.md says what they are and where they are. */
import type { ParseArgsConfig } from "node:util";
import {
  chosenDirectory,
  type ModelFolder,
  modelFolders,
  readFolder,
  statsOf,
  type PreloadAnswer,
  preload,
  listText,
  millisecondsText,
  sizeText,
  statsText,
  verdictText,
  verifyText,
  exportPrograms,
  type ImportAnswer,
  importPrograms,
} from "../cache/index.ts";
import { ProgressBar, type CommandContext } from "../terminal/index.ts";
import { badArgument, deviceNamed, readOptions } from "./options.ts";
import { clearVerdicts, keptVerdicts } from "../../lint/index.ts";
import { secondLevelFrom } from "../../programs/index.ts";

const USAGE = `everwarp cache COMMAND [OPTIONS]

Looks after the programs that were compiled for this machine's devices and are kept on disk.

  stats            what is kept, and what it was good for
  list             every program
  preload NAME…    make these ahead of time: a program (search/scan), or all of a
                   system (search)
  preload --all    every program that comes with everwarp, and what a search needs on
                   this device
  prune            remove what was not used for long (--max-age), what is too much
                   (--max-bytes), and what dead processes left
  verify           read and check every entry; bad ones are moved away and made anew
                   when they are asked for
  clear            remove all, and what everwarp lint found out about kernels
  export FILE      write all into one file, for machines with the same device and driver
  import FILE      take from such a file what fits this machine's devices

  --device D       preload: auto, gpu, a part of a device's name, or its index (everwarp
                   doctor); elsewhere: only the devices whose folder has this in its name
  --max-age DAYS   30 if neither limit is given
  --max-bytes N    bytes for each model of device, with K, M or G behind the number
  --directory DIR  instead of $EVERWARP_CACHE_DIR or the user's cache folder
  --json           one JSON document

EVERWARP_CACHE_STORE names a second level: a folder, or https://host/path. preload and
every other program asks and fills it. With EVERWARP_CACHE_SECRET only what was put there
by someone who has it is taken.

Exit codes: 0 done, 1 an entry was bad, refused or could not be made, 2 the command was
not understood or could not be done.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    all: { type: "boolean" },
    device: { type: "string" },
    "max-age": { type: "string" },
    "max-bytes": { type: "string" },
    directory: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

const DEFAULT_MAX_AGE_DAYS = 30;

/** The text of a command, and its exit code. */
interface Outcome {
  readonly document: object;
  readonly text: string;
  readonly code: 0 | 1;
}

interface CacheOptions {
  readonly all: boolean;
  readonly device: string | undefined;
  readonly maxAgeDays: number | undefined;
  readonly maxBytes: number | undefined;
}

interface Call {
  readonly directory: string;
  /** Whether `--directory` names another place than the user's. */
  readonly isElsewhere: boolean;
  readonly words: readonly string[];
  readonly options: CacheOptions;
  readonly context: CommandContext;
  folders(): Promise<ModelFolder[]>;
}

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("cache", argv, OPTIONS);
  const print = (text: string): void => context.writeOut(Buffer.from(text));
  if (values.help === true) {
    print(USAGE);
    return 0;
  }
  const [name = "", ...words] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined;
  if (command === undefined) {
    throw badArgument(
      name === "" ? "no command was given" : `there is no command "cache ${name}"`,
      `Choose among ${Object.keys(COMMANDS).join(", ")}.`,
    );
  }
  const options = {
    all: values.all === true,
    device: values.device,
    maxAgeDays: values["max-age"] === undefined ? undefined : parseDays(values["max-age"]),
    maxBytes: values["max-bytes"] === undefined ? undefined : parseBytes(values["max-bytes"]),
  };
  assertOptionsFit(name, options);
  const directory = chosenDirectory(values.directory, context.env);
  const folders = (): Promise<ModelFolder[]> => modelFolders(directory, options.device);
  const isElsewhere = values.directory !== undefined;
  const outcome = await command({ directory, isElsewhere, words, options, context, folders });
  print(values.json === true ? `${JSON.stringify(outcome.document, undefined, 1)}\n` : outcome.text);
  return outcome.code;
}

const COMMANDS = {
  async stats(call: Call): Promise<Outcome> {
    assertWords(call, 0);
    const folders = await Promise.all((await call.folders()).map(statsOf));
    const { directory } = call;
    const verdicts = hasVerdicts(call) ? keptVerdicts(call.context.env) : undefined;
    return {
      document: { directory, folders, ...(verdicts === undefined ? {} : { verdicts }) },
      text: statsText(directory, folders, verdicts),
      code: 0,
    };
  },

  async list(call: Call): Promise<Outcome> {
    assertWords(call, 0);
    const programs = [];
    for (const folder of await call.folders()) programs.push(...(await readFolder(folder)).rows);
    return { document: { programs }, text: listText(programs, Date.now()), code: 0 };
  },

  async preload({ directory, words, options, context }: Call): Promise<Outcome> {
    if ((words.length === 0) !== options.all)
      throw badArgument(
        "cache preload takes names of programs, or --all",
        "everwarp cache --help shows both.",
      );
    const bar = new ProgressBar(context);
    const answer = await preload({
      directory,
      select: deviceNamed(options.device ?? "auto"),
      names: words,
      secondLevel: secondLevelFrom(context.env),
      onProgress: (done, total, name) => bar.show(done, total, name),
    }).finally(() => bar.end());
    const hasFailed = answer.programs.some(({ state }) => state === "failed");
    return { document: answer, text: preloadText(answer), code: hasFailed ? 1 : 0 };
  },

  async prune(call: Call): Promise<Outcome> {
    assertWords(call, 0);
    const { maxBytes, maxAgeDays = maxBytes === undefined ? DEFAULT_MAX_AGE_DAYS : undefined } = call.options;
    return removed(await each(call, (folder) => folder.store.prune({ maxAgeDays, maxBytes })));
  },

  async verify(call: Call): Promise<Outcome> {
    assertWords(call, 0);
    const answers = await each(call, readFolder);
    const good = answers.reduce((sum, { rows }) => sum + rows.length, 0);
    const badOnes = answers.flatMap((answer) => answer.bad);
    return {
      document: { good, bad: badOnes },
      text: verifyText(good, badOnes),
      code: badOnes.length === 0 ? 0 : 1,
    };
  },

  async clear(call: Call): Promise<Outcome> {
    assertWords(call, 0);
    const programs = removed(await each(call, (folder) => folder.store.clear()));
    if (!hasVerdicts(call)) return programs;
    const verdicts = clearVerdicts(call.context.env);
    return {
      document: { ...programs.document, verdicts },
      text: verdicts.count === 0 ? programs.text : `${programs.text}${verdictText(verdicts)} removed\n`,
      code: 0,
    };
  },

  async export(call: Call): Promise<Outcome> {
    const [path] = assertWords(call, 1);
    const { count, bytes, archiveBytes, bad: badCount } = await exportPrograms(await call.folders(), path);
    const left = badCount === 0 ? "" : `; ${badCount} bad ones were left out`;
    return {
      document: { file: path, programs: count, bytes, archiveBytes, bad: badCount },
      text: `${count} programs, ${sizeText(bytes)}, in ${sizeText(archiveBytes)}${left}\n`,
      code: badCount === 0 ? 0 : 1,
    };
  },

  async import(call: Call): Promise<Outcome> {
    const [path] = assertWords(call, 1);
    const answer = await importPrograms(call.directory, path);
    return { document: answer, text: importText(answer), code: answer.refused.length === 0 ? 0 : 1 };
  },
} satisfies Record<string, (call: Call) => Promise<Outcome>>;

/** Whether a call is about the verdicts of lint, too: they are of no device, and in the user's cache folder. */
function hasVerdicts({ options, isElsewhere }: Call): boolean {
  return options.device === undefined && !isElsewhere;
}

/** One folder after another, because they share a disk. */
async function each<T>(call: Call, body: (folder: ModelFolder) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const folder of await call.folders()) answers.push(await body(folder));
  return answers;
}

interface Removal {
  removed: number;
  removedBytes: number;
  kept: number;
  keptBytes: number;
}

function removed(answers: readonly Removal[]): Outcome {
  const sum = (field: keyof Removal): number => answers.reduce((total, answer) => total + answer[field], 0);
  const document: Removal = {
    removed: sum("removed"),
    removedBytes: sum("removedBytes"),
    kept: sum("kept"),
    keptBytes: sum("keptBytes"),
  };
  const text =
    `${document.removed} removed, ${sizeText(document.removedBytes)}; ` +
    `${document.kept} kept, ${sizeText(document.keptBytes)}\n`;
  return { document, text, code: 0 };
}

function preloadText(answer: PreloadAnswer): string {
  const { device, programs, compilations, remoteHits, remoteTrouble, elapsedMs } = answer;
  const of = (state: string): number => programs.filter((program) => program.state === state).length;
  const failed = programs
    .filter(({ state }) => state === "failed")
    .map(({ name, reason = "" }) => `  failed: ${name}: ${reason}\n`);
  const remote = remoteHits === 0 ? "" : `, ${remoteHits} from the second level`;
  return [
    `${device}: ${of("made")} made, ${of("there")} there already${remote}, ` +
      `${of("failed")} failed; ${compilations} sources compiled, ${millisecondsText(elapsedMs)}\n`,
    ...failed,
    ...(remoteTrouble === undefined ? [] : [`  second level: ${remoteTrouble}\n`]),
  ].join("");
}

function importText({ imported, present, refused }: ImportAnswer): string {
  const lines = refused.map(
    ({ name, reason }) => `  refused: ${name === undefined ? "" : `${name}: `}${reason}\n`,
  );
  return `${imported.length} taken, ${present} there already, ${refused.length} refused\n${lines.join("")}`;
}

/** Checks the number of words after the command. @throws EW_BAD_ARGUMENT */
function assertWords<N extends 0 | 1>({ words }: Call, count: N): N extends 1 ? [string] : [] {
  if (words.length !== count) {
    throw badArgument(
      words.length > count ? `"${words[count] ?? ""}" is too much` : "the file is missing",
      "everwarp cache --help shows the commands.",
    );
  }
  return [...words] as N extends 1 ? [string] : [];
}

/** Refuses options that a command does not use. @throws EW_BAD_ARGUMENT */
function assertOptionsFit(command: string, { all, device, maxAgeDays, maxBytes }: CacheOptions): void {
  const complain = (option: string): never => {
    throw badArgument(`cache ${command} takes no ${option}`, "everwarp cache --help shows what does.");
  };
  if (all && command !== "preload") complain("--all");
  if (device !== undefined && command === "import") complain("--device");
  if (maxAgeDays !== undefined && command !== "prune") complain("--max-age");
  if (maxBytes !== undefined && command !== "prune") complain("--max-bytes");
}

/** @throws EW_BAD_ARGUMENT */
function parseDays(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text);
  throw badArgument(`--max-age is "${text}"`, "Give a number of days.");
}

/** @throws EW_BAD_ARGUMENT */
function parseBytes(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,12})([KMG]?)$/i.exec(text) ?? [];
  if (number === "") throw badArgument(`--max-bytes is "${text}"`, "Give a number of bytes, such as 500M.");
  return Number(number) * 1024 ** ["", "K", "M", "G"].indexOf(unit.toUpperCase());
}
