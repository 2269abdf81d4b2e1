/** Scripts of the specification's test suite, as `wast2json` of wabt writes them. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
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

/** Scripts of a folder, one after the other: `.wast` files, which `wast2json` translates. */
export async function* scriptsOf(folder: string, only?: RegExp): AsyncGenerator<Script> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".wast")).toSorted();
  for (const file of files) {
    const name = file.slice(0, -".wast".length);
    if (only !== undefined && !only.test(name)) continue;
    const made = await mkdtemp(path.join(tmpdir(), "everwarp-wast-"));
    try {
      const target = path.join(made, `${name}.json`);
      await run("wast2json", [path.join(folder, file), "-o", target], { timeout: 120_000 });
      const { commands } = JSON.parse(await readFile(target, "utf8")) as { commands: Command[] };
      yield { name, commands, binary: async (each) => new Uint8Array(await readFile(path.join(made, each))) };
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }
}
