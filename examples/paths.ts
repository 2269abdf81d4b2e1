/**
 * Which of the paths in a list are there? Here the list of a whole repository, as git keeps it, against the names on
 * disk.
 *
 *   npx tsx examples/paths.ts [DIRECTORY]
 *
 * All paths are resolved in one pass, on a GPU where there is one. Whatever is missing, was moved, or is no file any
 * more is told.
 */
import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { Namespace, type NamespaceOptions, PathError } from "everwarp";

/** What the example found. */
export interface Report {
  readonly pathCount: number;
  readonly entryCount: number;
  /** Paths of the list that cannot be resolved, and why. */
  readonly missing: readonly { path: string; code: string }[];
  readonly lookupMs: number;
}

/** Compares a list of paths with the names below a directory. */
export async function compare(
  directory: string,
  paths: readonly string[],
  options: NamespaceOptions = {},
): Promise<Report> {
  await using files = await Namespace.open(options);
  await files.addTree(directory);
  const begunMs = performance.now();
  const results = await files.lookupBatch(paths, { followSymlinks: false });
  const lookupMs = performance.now() - begunMs;
  const missing = results.flatMap((result) =>
    result instanceof PathError ? [{ path: result.path, code: result.code }] : [],
  );
  return { pathCount: paths.length, entryCount: files.entryCount, missing, lookupMs };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const directory = process.argv[2] ?? ".";
  const list = execFileSync("git", ["ls-files", "-z"], { cwd: directory, maxBuffer: 1 << 30 }).toString();
  const report = await compare(directory, list.split("\0").filter(Boolean));
  for (const { path, code } of report.missing) console.log(`${code} ${path}`);
  console.log(
    `${report.pathCount} paths among ${report.entryCount} entries in ${report.lookupMs.toFixed(2)} ms, ${report.missing.length} missing`,
  );
}
