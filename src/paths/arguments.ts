/** What callers of a namespace may give. */
import {
  abortSignal,
  badArgument,
  boolean,
  callback,
  deviceOrChoice,
  duration,
  type OptionChecks,
  oneOf,
  readOptions,
  whole,
  wholeNumber,
} from "../base/index.ts";
import { STRATEGY_NAMES } from "../residency/index.ts";
import type { AddTreeOptions } from "./add-tree.ts";
import type { BatcherOptions } from "./batcher.ts";
import type { LookupOptions, PackedPaths } from "./contracts.ts";
import type { BatchOptions, ChangeOptions, NamespaceOptions } from "./namespace.ts";
import { assertPath } from "./pack.ts";
import { CAPACITY_MAX } from "./table-shape.ts";

const INODE_MAX = 0xffff_ffff;
const inodeNumber = whole(0, INODE_MAX);

export const NAMESPACE_OPTIONS: OptionChecks<NamespaceOptions> = {
  device: deviceOrChoice,
  strategy: oneOf("auto", ...STRATEGY_NAMES),
  polite: boolean,
  threads: whole(0),
  capacity: whole(1, CAPACITY_MAX),
  maxBatchSize: whole(1),
};
const LOOKUP_OPTIONS: OptionChecks<LookupOptions> = { directory: inodeNumber, followSymlinks: boolean };
const BATCH_OPTIONS: OptionChecks<BatchOptions> = { ...LOOKUP_OPTIONS, oversize: oneOf("split", "error") };
const BATCHER_OPTIONS: OptionChecks<BatcherOptions & LookupOptions> = {
  ...LOOKUP_OPTIONS,
  maxBatchSize: whole(1),
  timeoutMs: duration,
};
const CHANGE_OPTIONS: OptionChecks<ChangeOptions> = { directory: inodeNumber };
const DEEP_CHANGE_OPTIONS: OptionChecks<ChangeOptions & { recursive?: boolean }> = {
  ...CHANGE_OPTIONS,
  recursive: boolean,
};
const ADD_TREE_OPTIONS: OptionChecks<AddTreeOptions> = {
  at: assertPath,
  onProgress: callback,
  signal: abortSignal,
};

export function lookupOptions(what: string, given: unknown): LookupOptions {
  return readOptions(`the options of ${what}`, given, LOOKUP_OPTIONS);
}
export function batchOptions(what: string, given: unknown): BatchOptions {
  return readOptions(`the options of ${what}`, given, BATCH_OPTIONS);
}
export function batcherOptions(given: unknown): BatcherOptions & LookupOptions {
  return readOptions("the options of batcher", given, BATCHER_OPTIONS);
}
export function changeOptions(what: string, given: unknown): ChangeOptions {
  return readOptions(`the options of ${what}`, given, CHANGE_OPTIONS);
}
export function deepChangeOptions(what: string, given: unknown): ChangeOptions & { recursive?: boolean } {
  return readOptions(`the options of ${what}`, given, DEEP_CHANGE_OPTIONS);
}
export function addTreeOptions(given: unknown): AddTreeOptions {
  return readOptions("the options of addTree", given, ADD_TREE_OPTIONS);
}

/** Number of an inode, be there one or not. @throws EW_BAD_ARGUMENT */
export function assertInodeNumber(name: string, value: unknown): void {
  wholeNumber(name, value, 0, INODE_MAX);
}

/** @throws EW_BAD_ARGUMENT */
export function readPacked(packed: unknown): PackedPaths {
  return readOptions<PackedPaths>(
    "packed",
    packed,
    {
      bytes: (name, value) => {
        if (!(value instanceof Uint8Array)) throw badArgument(`packed.${name}`, value, "a Uint8Array");
      },
      offsets: (name, value) => {
        if (!(value instanceof Uint32Array)) throw badArgument(`packed.${name}`, value, "a Uint32Array");
      },
    },
    "bytes",
    "offsets",
  );
}
