/** Checks of the arguments that callers give to the program cache. */
import {
  badArgument,
  boolean,
  callback,
  type Check,
  deviceWithoutHost,
  either,
  fullText,
  instance,
  listOf,
  matching,
  nested,
  type OptionChecks,
  oneOf,
  pathText,
  readOptions,
  recordOf,
  text,
  whole,
  wholeOrInfinity,
} from "../../base/index.ts";
import type { PruneOptions } from "../disk/index.ts";
import { SecondLevel } from "../stores/index.ts";
import { ModuleCache } from "../sources/index.ts";
import type { PreloadOptions } from "./preload.ts";
import type { ProgramCacheOptions } from "./program-cache-options.ts";
import type { ProgramRequest, ProgramVariant } from "./program-request.ts";
import type { TuneOptions } from "./tune.ts";

const WORD_MAX = 0xffff_ffff;
const folderOrNone = either("a path, or false for none", fullText, oneOf(false));

const CACHE_OPTIONS: OptionChecks<ProgramCacheOptions> = {
  device: deviceWithoutHost,
  maxPrograms: wholeOrInfinity(0),
  maxBytes: wholeOrInfinity(0),
  directory: folderOrNone,
  maxDiskBytes: wholeOrInfinity(0),
  precompiled: folderOrNone,
  secondLevel: instance(SecondLevel, "a SecondLevel"),
  modules: instance(ModuleCache, "a ModuleCache"),
  rewrite: callback,
};

const defines = recordOf(
  matching("a string, a number or a boolean", (value) =>
    ["string", "number", "boolean"].includes(typeof value),
  ),
  "values by the names of preprocessor definitions",
);
/** The value of a constant as a 32-bit word. A negative number is allowed: its low 32 bits are its word. */
const constants = recordOf(whole(-0x8000_0000, WORD_MAX), "32-bit words by name or constant_id");

const VARIANT: OptionChecks<ProgramVariant> = { name: text, defines, constants };

/** The fields that every form of a request may have. */
interface AnyRequest {
  file?: string;
  source?: string;
  name?: string;
  defines?: unknown;
  virtualFiles?: unknown;
  includeRoots?: unknown;
  constants?: unknown;
  specialization?: unknown;
  entryPoint?: string;
  label?: string;
  variants?: unknown;
}

const REQUEST: OptionChecks<AnyRequest> = {
  file: fullText,
  source: text,
  name: text,
  defines,
  virtualFiles: recordOf(text, "texts by the names of files"),
  includeRoots: listOf(pathText),
  constants,
  specialization: constants,
  entryPoint: text,
  label: text,
  variants: listOf(nested(VARIANT)),
};

/** @throws EW_BAD_ARGUMENT */
export function assertRequest(name: string, given: unknown): asserts given is ProgramRequest {
  const { file, source } = readOptions(name, given, REQUEST);
  if (given === undefined || (file === undefined) === (source === undefined))
    throw badArgument(name, given, "an object with the path of a kernel, { file }, or its text, { source }");
}

const toPreload: Check = (name, value) => {
  if (typeof value !== "string") assertRequest(name, value);
};

/** @throws EW_BAD_ARGUMENT */
export const assertPreloaded: Check = (name, value) => {
  if (value !== undefined) listOf(toPreload)(name, value);
};

const TUNE_OPTIONS: OptionChecks<TuneOptions> = { rounds: whole(1), again: boolean };
const PRELOAD_OPTIONS: OptionChecks<PreloadOptions> = { onProgress: callback, parallel: whole(1) };
const PRUNE_OPTIONS: OptionChecks<PruneOptions> = {
  maxAgeDays: matching("a number of days, 0 or more", (value) => typeof value === "number" && value >= 0),
  maxBytes: wholeOrInfinity(0),
};
/** Checks the options of `ProgramCache.open`. @throws EW_BAD_ARGUMENT */
export function cacheOptions(given: unknown): ProgramCacheOptions {
  return readOptions("the options of ProgramCache.open", given, CACHE_OPTIONS);
}
/** Checks the options of `tune`. @throws EW_BAD_ARGUMENT */
export function tuneOptions(given: unknown): TuneOptions {
  return readOptions("the options of tune", given, TUNE_OPTIONS);
}
/** Checks the options of `preload`. @throws EW_BAD_ARGUMENT */
export function preloadOptions(given: unknown): PreloadOptions {
  return readOptions("the options of preload", given, PRELOAD_OPTIONS);
}
/** Checks the options of `prune`. @throws EW_BAD_ARGUMENT */
export function pruneOptions(given: unknown): PruneOptions {
  return readOptions("the options of prune", given, PRUNE_OPTIONS);
}
