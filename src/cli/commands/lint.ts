/** `everwarp lint`: checks kernels for what makes a device hang. docs/rules has the rules. */
import type { ParseArgsConfig } from "node:util";
import { bytesOfText } from "../../base/index.ts";
import {
  checkFile,
  type FileReport,
  type KernelFile,
  kernelFiles,
  reportDocument,
  reportText,
  sarifDocument,
} from "../lint/index.ts";
import type { CommandContext } from "../terminal/index.ts";
import type { UtilisationReport, Workload } from "../utilisation/index.ts";
import { badArgument, deviceSelection, readOptions } from "./options.ts";

const USAGE = `everwarp lint [FILES…] [--json | --sarif] [--utilisation …]

Checks compute kernels for what makes a device hang: threads that leave while others
wait, barriers under conditions, loops without an end. It reads the compiled module, so
it sees what the device would run. FILES are GLSL, SPIR-V where the name ends in .spv,
and folders: they stand for the kernels (*.comp) below them. Without FILES, this folder
does. What a search leaves out by ignore rules, and node_modules, is left out here too.
A file that is named twice is checked once.

A kernel that includes kernel.glsl has structs of its program. They are read from the
program beside the kernel that names it.

  --json   one JSON document
  --sarif  one SARIF 2.1.0 document, for editors and code review

  --utilisation         runs the kernels instead, with counters in place, and tells which
                        share of the threads is at work in each loop and function
  --device D            auto (hardware, else software), a part of a name, or an index
  --requests N | FILE   how many requests the kernel gets, 64 if not given, or a file with
                        one JSON object a line. Each field of request N is N, if nothing
                        else is said
  --words W,W,…         words of each request, or of the push constants of a kernel that
                        does not include kernel.glsl. Its addresses get buffers of zeros
  --buffer-bytes N      bytes of each of these buffers, 1M if not given
  --workgroups N        1 if not given
  --workgroup-size N    as the program beside the kernel says, if not given
  --seconds S           how long a kernel may run, 20 if not given

A comment in GLSL takes a rule away from the next line, and needs a reason:
  // everwarp-disable-next-line unbounded-loop the host checked that the list ends

Exit codes: 0 nothing was found, 1 something was found, 2 a file or a folder could not be
checked (the others are) or the command was not understood. With --utilisation: 0 all was measured, 1 a request was
not answered, 2 a kernel could not be measured.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    sarif: { type: "boolean" },
    utilisation: { type: "boolean" },
    device: { type: "string" },
    requests: { type: "string" },
    words: { type: "string" },
    "buffer-bytes": { type: "string" },
    workgroups: { type: "string" },
    "workgroup-size": { type: "string" },
    seconds: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

/** @returns the exit code */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions("lint", argv, OPTIONS);
  const print = (text: string): void => context.writeOut(bytesOfText(text));
  if (values.help === true) {
    print(USAGE);
    return 0;
  }
  if (values.json === true && values.sarif === true)
    throw badArgument("--json and --sarif are given together", "Choose one of them.");
  const files = kernelFiles(positionals, (message) => context.writeError(`everwarp: ${message}\n`));
  if (values.utilisation === true) return measure(files, values, print);
  assertNoMeasuring(values);
  const reports: FileReport[] = [];
  for (const each of files)
    reports.push(each.error === undefined ? await checkFile(each.file) : { ...each, findings: [] });
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

/** The options of a command line that was read. */
type Values = ReturnType<typeof readOptions<typeof OPTIONS>>["values"];

const MEASURING = [
  "device",
  "requests",
  "words",
  "buffer-bytes",
  "workgroups",
  "workgroup-size",
  "seconds",
] as const;

/** @throws EW_BAD_ARGUMENT */
function assertNoMeasuring(values: Values): void {
  const given = MEASURING.find((name) => values[name] !== undefined);
  if (given !== undefined)
    throw badArgument(
      `--${given} is given without --utilisation`,
      "It says how a kernel is run. Give both, or neither.",
    );
}

/** Runs the kernels and reports what was counted. @returns the exit code */
async function measure(
  files: readonly KernelFile[],
  values: Values,
  print: (text: string) => void,
): Promise<number> {
  if (values.sarif === true)
    throw badArgument("--utilisation is no finding, and has no SARIF", "Choose --json, or neither.");
  const workload = workloadOf(values);
  // Loaded now: without it, a check needs no device.
  const { chooseDevice, measureFile, utilisationDocument, utilisationText } =
    await import("../utilisation/index.ts");
  const device = chooseDevice(deviceSelection(values.device));
  const reports: UtilisationReport[] = [];
  for (const { file, error } of files)
    reports.push(
      error === undefined
        ? await measureFile(file, device, workload)
        : { file, device: device.name, run: undefined, kernels: [], error },
    );
  print(
    values.json === true
      ? `${JSON.stringify(utilisationDocument(reports), undefined, 1)}\n`
      : utilisationText(reports),
  );
  if (reports.some(({ error }) => error !== undefined)) return 2;
  return reports.some(({ run }) => run?.trouble !== undefined) ? 1 : 0;
}

function workloadOf(values: Values): Workload {
  const whole = (name: (typeof MEASURING)[number], otherwise: number, max: number): number => {
    const text = values[name];
    if (text === undefined) return otherwise;
    const [, digits = "", unit = ""] = /^(\d{1,10})([KM]?)$/i.exec(text) ?? [];
    const number = Number(digits) * 1024 ** ["", "K", "M"].indexOf(unit.toUpperCase());
    if (digits !== "" && number >= 1 && number <= max) return number;
    throw badArgument(`--${name} is "${text}"`, `Give a whole number from 1 to ${max}.`);
  };
  const { requests, words } = values;
  const isFile = requests !== undefined && !/^\d+$/.test(requests);
  return {
    requests: isFile ? { file: requests } : whole("requests", 64, 1_000_000),
    words: words?.split(",").map((word) => {
      if (/^(\d{1,10}|0x[\da-f]{1,8})$/i.test(word) && Number(word) <= 0xffff_ffff) return Number(word);
      throw badArgument(`--words has "${word}"`, "Give whole numbers of 32 bits with commas between them.");
    }),
    bufferBytes: whole("buffer-bytes", 1 << 20, 1 << 30),
    workgroups: whole("workgroups", 1, 0xffff),
    workgroupSize: values["workgroup-size"] === undefined ? undefined : whole("workgroup-size", 1, 1024),
    budgetMs: whole("seconds", 20, 3600) * 1000,
  };
}
