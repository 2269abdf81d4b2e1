/** The tree that a case searches. */
import { statSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import type { BenchContext } from "../context/index.ts";

/** The user's tree. @throws EW_BAD_ARGUMENT where there is none */
export function treeOf({ caseName, options: { tree } }: BenchContext): string {
  if (tree !== undefined && statSync(tree, { throwIfNoEntry: false }) !== undefined) return tree;
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    `${caseName} needs a tree that exists, not ${tree ?? "nothing"}`,
    {
      remedy: `Name it after the case: everwarp bench ${caseName} PATH.`,
    },
  );
}
