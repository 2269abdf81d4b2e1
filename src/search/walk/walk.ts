/** Walking a tree as ripgrep does: which files are searched, in which order, and what is said about the rest. */

import type { FoundFile } from "../contracts.ts";
import type { DirectoryJob } from "./directory-job.ts";
import { DirectoryVisitor } from "./directory-visitor.ts";
import type { WalkOptions } from "./options.ts";

/**
 * The files below `paths`, found lazily on this thread. Named files are found whatever the rules say. Without
 * a path, the working directory is walked, and paths come without "./".
 *
 * @throws EverwarpError EW_BAD_FLAG_VALUE for a glob or a type that does not parse, before the first file
 */
export function walk(
  paths: readonly string[],
  options: WalkOptions = {},
): Generator<FoundFile, void, undefined> {
  return files(new DirectoryVisitor(options), paths);
}

function* files(visitor: DirectoryVisitor, paths: readonly string[]): Generator<FoundFile, void, undefined> {
  // The files and directories of one listing keep their order. The stack has the rest of each open listing.
  let listing: (FoundFile | DirectoryJob)[] = [];
  const sink = {
    onFile: (file: FoundFile): void => void listing.push(file),
    onDirectory: (job: DirectoryJob): void => void listing.push(job),
  };
  const stack: { items: (FoundFile | DirectoryJob)[]; next: number }[] = [];
  for (const path of paths.length === 0 ? [undefined] : paths) {
    listing = [];
    visitor.root(path, sink, paths.length === 1);
    stack.push({ items: listing, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as (typeof stack)[number];
      const item = top.items[top.next++];
      if (item === undefined) stack.pop();
      else if ("explicit" in item) yield item;
      else {
        listing = [];
        visitor.visit(item, sink);
        stack.push({ items: listing, next: 0 });
      }
    }
  }
}
