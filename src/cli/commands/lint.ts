/** `everwarp lint`: checks kernels for what makes a device hang. docs/rules has the rules. */
import type { ParseArgsConfig } from "node:util";
import {
  checkFile,
  type FileReport,
  kernelsBelow,
  reportDocument,
  reportText,
  sarifDocument,
} from "../lint/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import { badArgument, readOptions } from "./options.ts";

const USAGE = `everwarp lint [FILES…] [--json | --sarif]

Checks compute kernels for what makes a device hang: threads that leave while others
wait, barriers under conditions, loops without an end. It reads the compiled module, so
it sees what the device would run. Without FILES, all kernels (*.comp) of this folder
and below are checked. FILES are GLSL, or SPIR-V where the name ends in .spv.

A kernel that includes kernel.glsl has structs of its program. They are read from the
program beside the kernel that names it.

  --json   one JSON document
  --sarif  one SARIF 2.1.0 document, for editors and code review

A comment in GLSL takes a rule away from the next line, and needs a reason:
  // everwarp-disable-next-line unbounded-loop the host checked that the list ends

Exit codes: 0 nothing was found, 1 something was found, 2 a file could not be checked or
the command was not understood.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    sarif: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("lint", argv, OPTIONS);
  const print = (text: string): void => context.writeOut(Buffer.from(text));
  if (values.help === true) {
    print(USAGE);
    return 0;
  }
  if (values.json === true && values.sarif === true)
    throw badArgument("--json and --sarif are given together", "Choose one of them.");
  const files = positionals.length > 0 ? positionals : kernelsBelow(".");
  if (files.length === 0)
    throw badArgument("there are no kernels (*.comp) in this folder", "Name the files.");
  const reports: FileReport[] = [];
  for (const file of files) reports.push(await checkFile(file));
  const document =
    values.sarif === true
      ? sarifDocument(reports)
      : values.json === true
        ? reportDocument(reports)
        : undefined;
  print(document === undefined ? reportText(reports) : `${JSON.stringify(document, undefined, 1)}\n`);
  if (reports.some(({ error }) => error !== undefined)) return 2;
  return reports.some(({ findings }) => findings.length > 0) ? 1 : 0;
}
