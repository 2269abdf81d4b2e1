/**
 * `everwarp paths`: loads a tree's names into memory, and resolves paths against them.
 *
 * Paths are resolved in batches of what has arrived, and answered in their order.
 */
import { statSync } from "node:fs";
import type { ParseArgsConfig } from "node:util";
import { nowMs } from "../../base/index.ts";
import { Namespace, type NamespaceOptions, errnoCode } from "../../paths/index.ts";
import { type CommandContext, ProgressBar, withProgress } from "../terminal/index.ts";
import { badArgument, deviceSelection, readOptions } from "./options.ts";

const USAGE = `everwarp paths TREE [--stdin] [OPTIONS]

Loads the names below TREE, which is a directory or a file that --save has written.
Resolves paths against them as Linux does: symlinks, "..", and the errors.
TREE itself is "/". Relative paths begin there too.

  --stdin          resolve the paths on standard input, one a line, and print for
                   each, in order: inode, kind, path; or the error
  -0, --null       paths end with NUL instead of a line feed, in both directions
  --no-follow      a symlink that a whole path names is not followed
  --json           one JSON document a line
  --save FILE      keep the names in a file, which loads in a fraction of the time
  --device D       auto, cpu, gpu, a part of a device's name, or its index
                   (everwarp doctor)
  --threads N      threads of the host engine

Without --stdin: how many entries there are, and what they take.
Exit codes: 0 all paths were found, 1 some were not, 2 something went wrong.
`;

const OPTIONS = {
  allowPositionals: true,
  options: {
    stdin: { type: "boolean" },
    null: { type: "boolean", short: "0" },
    "no-follow": { type: "boolean" },
    json: { type: "boolean" },
    save: { type: "string" },
    device: { type: "string" },
    threads: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
} as const satisfies ParseArgsConfig;

interface PathsOptions {
  readonly tree: string;
  readonly isStdin: boolean;
  readonly isJson: boolean;
  readonly separator: number;
  readonly followSymlinks: boolean;
  readonly save: string | undefined;
  readonly namespace: NamespaceOptions;
}

/** In the place of what is real, for tests. */
export interface PathsOverrides {
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** @returns the exit code */
export async function run(
  argv: readonly string[],
  context: CommandContext,
  overrides: PathsOverrides = {},
): Promise<number> {
  const options = pathsOptions(argv);
  if (options === undefined) {
    context.writeOut(Buffer.from(USAGE));
    return 0;
  }
  const begunMs = nowMs();
  await using files = await openTree(options, context);
  const loadMs = nowMs() - begunMs;
  if (options.save !== undefined) await files.save(options.save);
  if (!options.isStdin) {
    context.writeOut(Buffer.from(summary(files, loadMs, options.isJson)));
    return 0;
  }
  return await resolveAll(files, overrides.stdin ?? process.stdin, options, context);
}

/** @returns undefined where help is wanted @throws EW_BAD_ARGUMENT */
function pathsOptions(argv: readonly string[]): PathsOptions | undefined {
  const { values, positionals } = readOptions("paths", argv, OPTIONS);
  if (values.help === true) return undefined;
  const [tree, ...others] = positionals;
  if (tree === undefined || others.length > 0)
    throw badArgument(
      `${positionals.length} trees were named`,
      "Name one directory: everwarp paths --help shows the options.",
    );
  const { device, threads } = values;
  return {
    tree,
    isStdin: values.stdin === true,
    isJson: values.json === true,
    separator: values.null === true ? 0 : 0x0a,
    followSymlinks: values["no-follow"] !== true,
    save: values.save,
    namespace: {
      ...(device === undefined ? {} : { device: deviceSelection(device) }),
      ...(threads === undefined ? {} : { threads: Number(threads) }),
    },
  };
}

async function openTree({ tree, namespace }: PathsOptions, context: CommandContext): Promise<Namespace> {
  if (statSync(tree, { throwIfNoEntry: false })?.isFile() === true)
    return withProgress(context, `loading ${tree}`, Namespace.load(tree, namespace));
  const files = await Namespace.open(namespace);
  try {
    const bar = new ProgressBar(context);
    const { skipped } = await files
      .addTree(tree, {
        onProgress: ({ entryCount, directoryCount }) =>
          bar.count(
            `${tree}: ${entryCount.toLocaleString("en")} entries of ${directoryCount.toLocaleString("en")} directories`,
          ),
      })
      .finally(() => bar.end());
    for (const { path, code } of skipped) context.writeError(`everwarp: ${path}: not read (${code})\n`);
  } catch (error) {
    await files.close();
    throw error;
  }
  return files;
}

function summary(files: Namespace, loadMs: number, isJson: boolean): string {
  const { usedBytes, nameBytes } = files.stats();
  const { entryCount, info } = files;
  const { kind, device, strategy, fallbackReason } = info;
  const told = { entryCount, usedBytes, nameBytes, loadMs, kind, device, strategy, fallbackReason };
  if (isJson) return `${JSON.stringify(told)}\n`;
  const megabytes = (usedBytes / 1e6).toFixed(1);
  return `${entryCount} entries in ${loadMs.toFixed(0)} ms, ${megabytes} MB, on ${info.device} (${info.strategy})\n`;
}

/** @returns the exit code */
async function resolveAll(
  files: Namespace,
  stdin: AsyncIterable<Uint8Array>,
  options: PathsOptions,
  context: CommandContext,
): Promise<number> {
  let areAllFound = true;
  const resolve = async (paths: readonly Buffer[]): Promise<void> => {
    const inodes = await files.lookupErrno(paths, { followSymlinks: options.followSymlinks });
    const print = options.isJson ? jsonLine : textLine;
    const lines = paths.map((path, index) => print(files, path, inodes[index]!, options.separator));
    areAllFound &&= inodes.every((inode) => inode >= 0);
    context.writeOut(Buffer.concat(lines));
  };
  let rest = Buffer.alloc(0);
  for await (const chunk of stdin) {
    const text = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const end = text.lastIndexOf(options.separator) + 1;
    rest = Buffer.from(text.subarray(end));
    if (end > 0) await resolve(split(text.subarray(0, end - 1), options.separator));
  }
  if (rest.length > 0) await resolve([rest]);
  return areAllFound ? 0 : 1;
}

function split(text: Buffer, separator: number): Buffer[] {
  const paths: Buffer[] = [];
  let begin = 0;
  for (let at; (at = text.indexOf(separator, begin)) >= 0; begin = at + 1)
    paths.push(text.subarray(begin, at));
  paths.push(text.subarray(begin));
  return paths;
}

function textLine(files: Namespace, path: Buffer, inode: number, separator: number): Buffer {
  const found = inode >= 0 ? `${inode}\t${files.stat(inode)?.kind ?? "gone"}\t` : `${errnoCode(inode)}\t-\t`;
  return Buffer.concat([Buffer.from(found), path, Buffer.of(separator)]);
}

/** Like `everwarp search --json`, this gives a path that is not UTF-8 as base64. */
function jsonLine(files: Namespace, path: Buffer, inode: number): Buffer {
  const text = path.toString();
  const named = Buffer.from(text).equals(path) ? { text } : { bytes: path.toString("base64") };
  const answer =
    inode >= 0 ? { inode, kind: files.stat(inode)?.kind } : { code: errnoCode(inode), errno: inode };
  return Buffer.from(`${JSON.stringify({ path: named, ...answer })}\n`);
}
