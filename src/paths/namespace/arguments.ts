/** Checks the arguments that callers give to a namespace. */
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
} from "../../base/index.ts";
import { CALL_LIMITS } from "../../engine/index.ts";
import { STRATEGY_NAMES } from "../../residency/index.ts";
import { type BatcherOptions, type LookupOptions, type PackedPaths, assertPath } from "../lookup/index.ts";
import { ENTRIES_MAX } from "../table/index.ts";
import type { AddTreeOptions } from "../tree/index.ts";
import type {
  BatchOptions,
  ChangeOptions,
  DeepChangeOptions,
  LookupCallOptions,
  NamespaceOptions,
} from "./options.ts";

const INODE_MAX = 0xffff_ffff;
const inodeNumber = whole(0, INODE_MAX);

const NAMESPACE_OPTIONS: OptionChecks<NamespaceOptions> = {
  device: deviceOrChoice,
  strategy: oneOf("auto", ...STRATEGY_NAMES),
  polite: boolean,
  threads: whole(0),
  maxEntries: whole(1, ENTRIES_MAX),
  maxBatchSize: whole(1),
};
const LOOKUP_OPTIONS: OptionChecks<LookupOptions> = { directory: inodeNumber, followSymlinks: boolean };
const LOOKUP_CALL_OPTIONS: OptionChecks<LookupCallOptions> = { ...LOOKUP_OPTIONS, ...CALL_LIMITS };
const BATCH_OPTIONS: OptionChecks<BatchOptions> = {
  ...LOOKUP_CALL_OPTIONS,
  oversize: oneOf("split", "error"),
};
const BATCHER_OPTIONS: OptionChecks<BatcherOptions & LookupOptions> = {
  ...LOOKUP_OPTIONS,
  maxBatchSize: whole(1),
  lingerMs: duration,
};
const CHANGE_OPTIONS: OptionChecks<ChangeOptions> = { directory: inodeNumber };
const DEEP_CHANGE_OPTIONS: OptionChecks<DeepChangeOptions> = { ...CHANGE_OPTIONS, recursive: boolean };
const ADD_TREE_OPTIONS: OptionChecks<AddTreeOptions> = {
  at: assertPath,
  onProgress: callback,
  signal: abortSignal,
};

/** Options of `open` and `load`. @throws EW_BAD_ARGUMENT */
export function namespaceOptions(what: string, given: unknown): NamespaceOptions {
  return readOptions(`the options of ${what}`, given, NAMESPACE_OPTIONS);
}

/** Options of a single lookup. @throws EW_BAD_ARGUMENT */
export function lookupOptions(what: string, given: unknown): LookupCallOptions {
  return readOptions(`the options of ${what}`, given, LOOKUP_CALL_OPTIONS);
}

/** Options of a batch. @throws EW_BAD_ARGUMENT */
export function batchOptions(what: string, given: unknown): BatchOptions {
  return readOptions(`the options of ${what}`, given, BATCH_OPTIONS);
}

/** Options of a batcher and of its lookups. @throws EW_BAD_ARGUMENT */
export function batcherOptions(given: unknown): BatcherOptions & LookupOptions {
  return readOptions("the options of batcher", given, BATCHER_OPTIONS);
}

/** Options of a change. @throws EW_BAD_ARGUMENT */
export function changeOptions(what: string, given: unknown): ChangeOptions {
  return readOptions(`the options of ${what}`, given, CHANGE_OPTIONS);
}

/** Options of a change that may be recursive. @throws EW_BAD_ARGUMENT */
export function deepChangeOptions(what: string, given: unknown): DeepChangeOptions {
  return readOptions(`the options of ${what}`, given, DEEP_CHANGE_OPTIONS);
}

/** Options of `addTree`. @throws EW_BAD_ARGUMENT */
export function addTreeOptions(given: unknown): AddTreeOptions {
  return readOptions("the options of addTree", given, ADD_TREE_OPTIONS);
}

/** The number of an inode, whether or not the inode exists. @throws EW_BAD_ARGUMENT */
export function assertInodeNumber(name: string, value: unknown): void {
  wholeNumber(name, value, 0, INODE_MAX);
}

/** Packed paths: bytes and offsets. The offsets themselves are checked by the backend. @throws EW_BAD_ARGUMENT */
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
