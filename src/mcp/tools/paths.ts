/** The tool `paths`: what very many paths name. */
import { z } from "zod";
import { EverwarpError } from "../../base/index.ts";
import { countOf } from "../answer/index.ts";
import { commandError, eachRecord } from "../command/index.ts";
import { argument, parameters, remedyOf } from "./fields.ts";
import type { Tool } from "./tool.ts";

const MAX_PATHS = 2_000;

const input = parameters({
  paths: z.array(argument(4_096)).min(1).max(MAX_PATHS).describe('The paths. The folder itself is "/".'),
  root: argument(4_096).optional().describe("The folder, where the server has several."),
  followSymlinks: z
    .boolean()
    .default(true)
    .describe("Whether a symlink that a whole path names is followed. Links within a path always are."),
});

/** What the command says of a path. */
interface Answer {
  readonly kind?: string;
  readonly code?: string;
}

/** Resolves paths. */
export const pathsTool: Tool<typeof input> = {
  name: "paths",
  title: "Resolve paths",
  description:
    "Tells what each of many paths names: file, directory or symlink, or the error that Linux gives, such as ENOENT. " +
    'Paths are resolved below the folder as if it were the root of the file system, with symlinks and "..". ' +
    "Hidden and ignored files count, too.",
  input,
  async answer({ paths, root, followSymlinks }, { roots, commands }, signal) {
    const args = ["paths", "--stdin", "--null", "--json", "--device=cpu"];
    if (!followSymlinks) args.push("--no-follow");
    args.push("--", roots.folder(root));
    return commands.run(args, { signal, stdin: paths.join("\0") }, async ({ output, ended }) => {
      const lines: string[] = [];
      let found = 0;
      await eachRecord(output, 0x0a, (record) => {
        const { kind, code } = JSON.parse(record.toString("utf8")) as Answer;
        if (kind !== undefined) found++;
        lines.push(`${kind ?? code}\t${paths[lines.length]}`);
      });
      const error = commandError(await ended, remedyOf);
      if (error !== undefined) throw error;
      if (lines.length !== paths.length)
        throw new EverwarpError("EW_INTERNAL", `${lines.length} of ${paths.length} paths were answered`, {
          remedy: "Please report this.",
        });
      return [`${countOf(paths.length, "path")}, ${found} of them found.`, "", ...lines].join("\n");
    });
  },
};
