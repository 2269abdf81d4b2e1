/** `everwarp client install`: installs the native client, which asks the daemon without the start of Node. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import type { ParseArgsConfig } from "node:util";
import { EverwarpError, packageRoot, packageVersion } from "../../base/index.ts";
import { CLIENT_MARK, CLIENT_SETTINGS } from "../../daemon/index.ts";
import { makeFolder, writeBytesAtomically } from "../../storage/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { badArgument, readOptions } from "./options.ts";

const USAGE = `everwarp client install [PATH]

Installs the native client, which the published package has ready made. In a clone, and
where CC names a compiler, it is compiled (with cc, or with that compiler).
PATH is the file, or a folder for a file named ew; without it, ~/.local/bin/ew.
Folders that are not there are made.

The client takes the arguments of everwarp. A search is answered by the daemon, if one
runs and holds the tree, in some milliseconds. Everything else runs everwarp in the place
of the client. Under the name rg, it takes the arguments of ripgrep:

  everwarp client install ~/.local/bin/rg

Exit codes: 0 it is installed, 2 it is not.
`;

const OPTIONS = {
  allowPositionals: true,
  options: { help: { type: "boolean", short: "h" } },
} as const satisfies ParseArgsConfig;

const FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"];
const MODE = 0o755;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("client", argv, OPTIONS);
  const print = (text: string): void => context.writeOut(Buffer.from(text));
  if (values.help === true) {
    print(USAGE);
    return 0;
  }
  const [command, path, ...more] = positionals;
  if (command !== "install" || more.length > 0)
    throw badArgument(
      `client takes "install" and at most one path, not ${JSON.stringify(positionals.join(" "))}`,
      "everwarp client --help shows how it is used.",
    );
  const target = targetOf(path ?? join(homedir(), ".local", "bin"));
  const program = clientProgram(context.env["CC"] ?? "");
  await makeFolder(dirname(target), MODE);
  await writeBytesAtomically(target, program, { place: "named", mode: MODE, folderMode: MODE });
  print(`${target}\n`);
  if (basename(target) === "rg") context.writeError("everwarp: it takes the arguments of ripgrep\n");
  const folders = (context.env["PATH"] ?? "").split(delimiter);
  if (!folders.includes(dirname(target)))
    context.writeError(`everwarp: ${dirname(target)} is not in PATH, so call it by its path\n`);
  return 0;
}

/** The file to write. @throws EW_PATH_UNWRITABLE where something else has its name */
function targetOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  const isFolder = stats?.isDirectory() ?? path === join(homedir(), ".local", "bin");
  const target = isFolder ? resolve(path, "ew") : resolve(path);
  const present = statSync(target, { throwIfNoEntry: false });
  if (present === undefined || (present.isFile() && readFileSync(target).includes(CLIENT_MARK)))
    return target;
  throw new EverwarpError("EW_PATH_UNWRITABLE", `${target} is there and is no client of everwarp`, {
    remedy: "Name another path, or move that file away.",
  });
}

/** The client as bytes, ready made or compiled, for this Node and this package. @param given the compiler's name */
function clientProgram(given: string): Buffer {
  const root = packageRoot();
  const made = join(root, "client", "prebuilt", `${process.platform}-${process.arch}`, "ew");
  const program = given === "" && existsSync(made) ? readFileSync(made) : compiled(given, root);
  const settings = {
    mark: CLIENT_MARK,
    node: process.execPath,
    program: join(root, "bin", "everwarp.cjs"),
    version: packageVersion(),
  };
  let at = program.indexOf(CLIENT_MARK);
  for (const [name, length] of Object.entries(CLIENT_SETTINGS)) {
    const bytes = Buffer.from(settings[name as keyof typeof settings]);
    if (bytes.length >= length)
      throw new EverwarpError(
        "EW_PATH_UNWRITABLE",
        `a path of ${bytes.length} bytes is too long for the client`,
        {
          remedy: `Install Node and everwarp at paths of less than ${length} bytes.`,
        },
      );
    program.fill(0, at, at + length).set(bytes, at);
    at += length;
  }
  return program;
}

/** @param given the compiler's name; empty for the system's */
function compiled(given: string, root: string): Buffer {
  const compiler = given === "" ? "cc" : given;
  const folder = mkdtempSync(join(tmpdir(), "everwarp-client-"));
  try {
    const output = join(folder, "client");
    const source = join(root, "client", "everwarp.c");
    const result = spawnSync(compiler, [...FLAGS, "-o", output, source], { encoding: "utf8" });
    if (result.status === 0) return readFileSync(output);
    throw noCompiler(compiler, result.error ?? new Error(result.stderr));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function noCompiler(compiler: string, cause: Error): EverwarpError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new EverwarpError(
    "EW_NO_COMPILER",
    isMissing ? `the C compiler ${compiler} is not installed` : `${compiler} failed: ${cause.message.trim()}`,
    {
      remedy:
        "Install one (gcc or clang, with the headers of the C library), or name one in CC. " +
        "Without the client, everwarp search asks the daemon as well, but Node has to start each time.",
      cause,
    },
  );
}
