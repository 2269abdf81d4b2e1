/** `everwarp wasm`: runs WebAssembly programs and functions, and says what is in a module. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ParseArgsConfig } from "node:util";
import { EverwarpError, wholeNumber } from "../../base/index.ts";
import { readDescriptor } from "../../search/index.ts";
import {
  describeModule,
  runWasiProgram,
  trapText,
  type WasiSurroundings,
  WasmModule,
} from "../../wasm/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { inspectText, invoke } from "../wasm/index.ts";
import { badArgument, deviceSelection, readOptions } from "./options.ts";

const USAGE = `everwarp wasm run FILE [-- ARGS…]
everwarp wasm run FILE --invoke NAME [--instances N] [--device D] [-- ARGS…]
everwarp wasm inspect FILE [--json]

run without --invoke: the module is a program of WASI preview 1. It gets ARGS, the
variables of the environment, standard input and output, clocks and random numbers,
and no files. Its exit code is that of the command. It runs on the host.

run with --invoke: calls an exported function with ARGS, by its types, and prints its
results, one a line. Numbers as usual, also 0x…, nan, inf; a v128 as 0x and 32 digits.

  --input FILE     one row a line, as JSON. With --invoke: the arguments of a call, as
                   an array; each answer is a line of JSON, and null where the call
                   trapped. Without: what the program finds on standard input, one
                   program a line
  --instances N    how many rows are called at once, each in an instance of its own;
                   without --input, all of them get ARGS. Default: 1, or one for each
                   row, and at most 1000
  --device D       auto, cpu, gpu, a part of a device's name, or its index
                   (everwarp doctor)
  --fuel N         how much an instance may do in a call; a unit is about one
                   instruction. Default: 100000000
  --max-pages N    pages of 64 KiB that an instance may have

inspect: the size of the code, memory, imports, exports, functions, and what the module
can run on.

Exit codes: 0 it has run; 1 something trapped, with its reason on standard error;
2 something went wrong. A program of WASI chooses its own.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    invoke: { type: "string" },
    input: { type: "string" },
    instances: { type: "string" },
    device: { type: "string" },
    fuel: { type: "string" },
    "max-pages": { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

type Values = ReturnType<typeof readOptions<typeof OPTIONS>>["values"];

const MOST_AT_ONCE = 1000;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const args = split < 0 ? [] : argv.slice(split + 1);
  const { values, positionals } = readOptions("wasm", own, OPTIONS);
  if (values.help === true) {
    context.writeOut(Buffer.from(USAGE));
    return 0;
  }
  const [action, file, ...more] = positionals;
  if ((action !== "run" && action !== "inspect") || file === undefined || more.length > 0)
    throw badArgument(
      `the words ${JSON.stringify(positionals.join(" "))} are not understood`,
      "Write `everwarp wasm run FILE` or `everwarp wasm inspect FILE`; arguments of the program follow --.",
    );
  const bytes = read(file, context);
  if (action === "inspect") {
    const description = describeModule(await WasmModule.compile(bytes));
    const text = values.json === true ? `${JSON.stringify(description)}\n` : inspectText(file, description);
    context.writeOut(Buffer.from(text));
    return 0;
  }
  return values.invoke === undefined
    ? runPrograms(file, bytes, args, values, context)
    : callExport(values.invoke, bytes, args, values, context);
}

function read(file: string, context: CommandContext): Uint8Array {
  try {
    return readFileSync(path.resolve(context.cwd ?? "", file));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new EverwarpError(code === "ENOENT" ? "EW_PATH_NOT_FOUND" : "EW_PATH_UNREADABLE", message, {
      cause,
    });
  }
}

/** The rows of --input: its lines, but empty ones. */
function inputLines(values: Values, context: CommandContext): string[] | undefined {
  if (values.input === undefined) return undefined;
  const lines = Buffer.from(read(values.input, context)).toString().split(/\r?\n/);
  return lines.filter((line) => line.trim() !== "");
}

function numberOf(name: string, text: string | undefined, most: number): number | undefined {
  return text === undefined ? undefined : wholeNumber(`--${name}`, Number(text), 1, most);
}

async function callExport(
  name: string,
  bytes: Uint8Array,
  args: readonly string[],
  values: Values,
  context: CommandContext,
): Promise<number> {
  const lines = inputLines(values, context);
  if (lines !== undefined && args.length > 0)
    throw badArgument("--input and arguments are given together", "Choose one of them.");
  const given = numberOf("instances", values.instances, 2 ** 24);
  const rows = lines?.map(rowOf) ?? Array.from({ length: given ?? 1 }, () => args);
  const instances = Math.max(1, Math.min(given ?? MOST_AT_ONCE, rows.length));
  const fuel = numberOf("fuel", values.fuel, Number.MAX_SAFE_INTEGER);
  const pages = numberOf("max-pages", values["max-pages"], 65_536);
  let code = 0;
  const results = invoke({
    module: await WasmModule.compile(bytes),
    name,
    rows,
    instances,
    rowName: (row) => (lines === undefined ? "the command" : `row ${row + 1}`),
    fleet: {
      ...(values.device === undefined ? {} : { device: deviceSelection(values.device) }),
      ...(fuel === undefined ? {} : { fuelPerCall: BigInt(fuel) }),
      ...(pages === undefined ? {} : { maxMemoryPages: pages }),
    },
  });
  for await (const { row, trap, texts, json } of results) {
    if (trap !== undefined) {
      code = 1;
      context.writeError(`everwarp: ${rows.length > 1 ? `row ${row + 1}: ` : ""}${trapText(trap)}\n`);
    }
    const output = lines === undefined ? texts.join("\n") : json;
    if (trap === undefined) context.writeOut(Buffer.from(output === "" ? "" : `${output}\n`));
    else if (lines !== undefined) context.writeOut(Buffer.from("null\n"));
  }
  return code;
}

function rowOf(line: string, index: number): readonly unknown[] {
  try {
    const row: unknown = JSON.parse(line);
    return Array.isArray(row) ? row : [row];
  } catch (cause) {
    throw badArgument(
      `row ${index + 1} is no JSON: ${line.slice(0, 60)}`,
      "Write an array, as [1, 2.5].",
      cause,
    );
  }
}

async function runPrograms(
  file: string,
  bytes: Uint8Array,
  args: readonly string[],
  values: Values,
  context: CommandContext,
): Promise<number> {
  if (values.device !== undefined && values.device !== "cpu" && values.device !== "auto")
    throw new EverwarpError(
      "EW_WASM_UNSUPPORTED",
      `programs of WASI do not run on the device "${values.device}"`,
      {
        remedy: "Leave --device out, or call a function with --invoke.",
      },
    );
  const lines = inputLines(values, context);
  const copies = numberOf("instances", values.instances, 2 ** 24) ?? 1;
  const runs = lines ?? Array.from({ length: copies }, () => undefined);
  const module = await WasmModule.compile(bytes);
  let code = 0;
  for (const [row, line] of runs.entries()) {
    const where = runs.length > 1 ? `row ${row + 1}: ` : "";
    code = Math.max(code, runOne(module, surroundings(file, args, line, context), where, context));
  }
  return code;
}

function runOne(
  module: WasmModule,
  around: WasiSurroundings,
  where: string,
  context: CommandContext,
): number {
  try {
    return runWasiProgram(module, around);
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code !== "EW_WASM_TRAP") throw error;
    context.writeError(`everwarp: ${where}${error.message}\n`);
    return 1;
  }
}

function surroundings(
  file: string,
  args: readonly string[],
  line: string | undefined,
  context: CommandContext,
): WasiSurroundings {
  let rest = line === undefined ? undefined : Buffer.from(`${line}\n`);
  return {
    args: [path.basename(file), ...args],
    env: Object.entries(context.env).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
    read: (most) => {
      if (rest === undefined) return readStandardInput(most);
      const taken = rest.subarray(0, most);
      rest = rest.subarray(taken.length);
      return taken;
    },
    write: (stream, bytes) =>
      stream === 1 ? context.writeOut(bytes) : context.writeError(Buffer.from(bytes).toString()),
  };
}

/** Reads what is there, and waits where nothing is. A folder has nothing. */
function readStandardInput(most: number): Uint8Array {
  const buffer = Buffer.alloc(Math.min(most, 65_536));
  try {
    return buffer.subarray(0, readDescriptor(0, buffer, 0, buffer.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    return Buffer.alloc(0);
  }
}
