/** Scripts of the specification's test suite, as `wast2json` of wabt writes them. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** A value in a script. Numbers are decimal texts of their bits, or the name of a kind of NaN. */
export interface ScriptValue {
  readonly type: string;
  readonly value?: string | readonly string[];
  readonly lane_type?: string;
}

/** Something that a script does with an instance. */
export interface ScriptAction {
  readonly type: "invoke" | "get";
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly ScriptValue[];
}

/** A line of a script. */
export interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly as?: string;
  readonly filename?: string;
  readonly module_type?: "binary" | "text";
  readonly text?: string;
  readonly action?: ScriptAction;
  readonly expected?: readonly ScriptValue[];
}

/** A script and its modules. */
export interface Script {
  readonly name: string;
  readonly commands: readonly Command[];
  /** The binary of a module that a command names. */
  readonly binary: (file: string) => Promise<Uint8Array>;
}

const run = promisify(execFile);

/** How scripts are read. */
export interface ScriptOptions {
  /** The program of wabt; the one in PATH where it is left out. */
  readonly wast2json?: string;
  /** Gives the text that is translated. */
  readonly modernText?: (name: string, text: string) => string;
}

/** The names of the scripts in a folder: its `.wast` files. */
export async function scriptNames(folder: string, only?: RegExp): Promise<string[]> {
  const names = (await readdir(folder)).flatMap((file) => /^(.*)\.wast$/.exec(file)?.[1] ?? []);
  return names.filter((name) => only?.test(name) !== false).toSorted();
}

/** Translates a script of a folder for as long as `use` runs. */
export async function withScript<T>(
  folder: string,
  name: string,
  { wast2json = "wast2json", modernText = (_, text) => text }: ScriptOptions,
  use: (script: Script) => Promise<T>,
): Promise<T> {
  const made = await mkdtemp(path.join(tmpdir(), "everwarp-wast-"));
  try {
    const source = path.join(made, `${name}.wast`);
    const target = path.join(made, `${name}.json`);
    await writeFile(source, modernText(name, await readFile(path.join(folder, `${name}.wast`), "utf8")));
    await run(wast2json, [source, "-o", target], { timeout: 120_000 });
    const { commands } = JSON.parse(await readFile(target, "utf8")) as { commands: Command[] };
    return await use({
      name,
      commands,
      binary: async (each) => new Uint8Array(await readFile(path.join(made, each))),
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}
