/** A small namespace for tests, and paths for it. */
import { Namespace } from "../../src/paths/namespace/namespace.ts";
import type { NamespaceOptions } from "../../src/paths/namespace/options.ts";
import { PathError } from "../../src/paths/lookup/path-error.ts";

/** Paths of every kind, for the namespace that `openGround` makes. */
export const PATHS = [
  "/src/main",
  "/src/../docs",
  "/missing",
  "/src/main/",
  "/link/main",
  "/loop",
  "",
  "relative/..",
];

/** A namespace with a few names. */
export async function openGround(options: NamespaceOptions): Promise<Namespace> {
  const files = await Namespace.open({ maxEntries: 10_000, threads: 1, ...options });
  await files.addDirectory("/src");
  await files.addDirectory("/docs");
  await files.addFile("/src/main");
  await files.addSymlink("src", "/link");
  await files.addSymlink("loop", "/loop");
  return files;
}

/** Inodes, and the codes of errors. */
export const codes = (results: readonly (number | PathError)[]): (number | string)[] =>
  results.map((result) => (result instanceof PathError ? result.code : result));
