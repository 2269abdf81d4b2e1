/** `everwarp client install`: compiles the native client, which asks the daemon without the start of Node. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import type { ParseArgsConfig } from "node:util";
import { EverwarpError, packageRoot, packageVersion } from "../../base/index.ts";
import { CLIENT_MARK } from "../../daemon/index.ts";
import { makeFolder, writeBytesAtomically } from "../../storage/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { badArgument, readOptions } from "./options.ts";

const USAGE = `everwarp client install [PATH]

Compiles the native client with the system's C compiler (cc, or the one that CC names).
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
  const program = compiled(context.env["CC"] ?? "");
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

/** The client as bytes. @param given the compiler's name; empty for the system's */
function compiled(given: string): Buffer {
  const compiler = given === "" ? "cc" : given;
  const root = packageRoot();
  const folder = mkdtempSync(join(tmpdir(), "everwarp-client-"));
  try {
    const output = join(folder, "client");
    const definitions = {
      NODE: process.execPath,
      PROGRAM: join(root, "bin", "everwarp.cjs"),
      VERSION: packageVersion(),
    };
    const words = Object.entries(definitions).map(([name, value]) => `-DEVERWARP_${name}=${inC(value)}`);
    const source = join(root, "client", "everwarp.c");
    const result = spawnSync(compiler, [...FLAGS, ...words, "-o", output, source], { encoding: "utf8" });
    if (result.status === 0) return readFileSync(output);
    throw noCompiler(compiler, result.error ?? new Error(result.stderr));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A text as C writes it. */
function inC(text: string): string {
  const escaped = Array.from(Buffer.from(text), (byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  return `"${escaped.join("")}"`;
}

function noCompiler(compiler: string, cause: Error): EverwarpError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new EverwarpError(
    "EW_NO_COMPILER",
    isMissing ? `the C compiler ${compiler} is not installed` : `${compiler} failed: ${cause.message.trim()}`,
    {
      remedy:
        "Install one (gcc or clang, with the headers of the C library), or name one in CC. " +
        "Without it, everwarp search asks the daemon as well, and takes the start of Node longer.",
      cause,
    },
  );
}
