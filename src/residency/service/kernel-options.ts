/** The options of a kernel, with all defaults and limits. */
import path from "node:path";
import {
  badArgument,
  boolean,
  type Check,
  deviceWithoutHost,
  duration,
  fullText,
  listOf,
  matching,
  nested,
  type OptionChecks,
  oneOf,
  pathText,
  positiveDuration,
  readOptions,
  recordOf,
  text,
  whole,
} from "../../base/index.ts";
import type { StructLayout } from "../../schema/index.ts";
import type { Device, DeviceSelection } from "../../vulkan/index.ts";
import {
  type KernelRecipe,
  type KernelText,
  type KernelTypes,
  kernelTypes,
  REQUEST_WORDS_MAX,
} from "../kernel/index.ts";
import { MAX_SLOTS, strategyOf } from "../launch/index.ts";
import { STRATEGY_NAMES, type StrategyName } from "../strategies/index.ts";

/** Options of `ResidentKernel.open`. */
export interface KernelOptions<Q extends StructLayout, R extends StructLayout> {
  /**
   * - `"auto"` (default), `"gpu"`: a hardware GPU, which all systems of this process share.
   * - A part of a device's name, or its index in `listDevices()`: that device, software included.
   * - An open `Device`: that one. The caller closes it.
   */
  device?: DeviceSelection | Device;
  /**
   * The kernel: a path, a file URL (`new URL("../mean.comp", import.meta.url)`), or `{ text }`. It includes kernel.glsl
   * and defines `perform`.
   */
  source: KernelText;
  /** Further folders for includes, in addition to the source's folder and the package's. */
  includeRoots?: readonly string[];
  request: Q;
  response: R;
  /** Sizes in bytes of the state's sections, by name. State is device memory that survives every relaunch. */
  state?: Readonly<Record<string, number>>;
  /** How the kernel is launched. `auto` (the default) lets the device's profile decide. */
  strategy?: StrategyName | "auto";
  /** Leaves the device to other programs between two batches: the strategy `batch`. Default: false. */
  polite?: boolean;
  /**
   * Opens the kernel even if it breaks a rule of `everwarp lint`, so that it could hang its device, or is too large to
   * be checked. Default: false.
   */
  unsafe?: boolean;
  /** Number of workgroups that share each request; 1 if not given. */
  workgroups?: number;
  /** Threads of a workgroup; 64 if not given. */
  workgroupSize?: number;
  /** Maximum requests in flight in each priority: a power of two, at most 4096; 256 if not given. */
  maxInFlight?: number;
  /** Maximum pending requests before `tryCall` refuses; requests in flight do not count. 1024 if not given. */
  maxPending?: number;
  /** How long a launch stays before it parks, in all strategies except persistent. */
  leaseMs?: number;
  /**
   * An idle kernel makes growing pauses between polls after `dozeAfterMs`, and parks after `parkAfterMs` (default:
   * never).
   */
  idle?: { dozeAfterMs?: number; parkAfterMs?: number };
  /** The share of the time that the kernel may work: above 0, at most 1. */
  dutyCycle?: number;
  /** Number of requests that the trace keeps, and of leases, checkpoints and recoveries; 0 if not given. */
  maxTraceEntries?: number;
  /**
   * When a checkpoint is taken automatically. It is taken when the requests since the last checkpoint fill three
   * quarters of `maxJournalBytes` (16 MiB if not given). With `everyMs`, it is also taken when the last checkpoint has
   * that age, something was done since, and a request is in flight or was just answered. So a long job that is lost
   * restarts at the last checkpoint and not at its beginning.
   */
  checkpoint?: { maxJournalBytes?: number; everyMs?: number };
  /** A kernel with requests in flight that finishes nothing for this time counts as hung; 10,000 if not given. */
  hangTimeoutMs?: number;
  /**
   * Two limits with one value; 2 if not given. A request fails after it was in flight in this many losses of the
   * kernel. The kernel fails after this many recoveries failed.
   */
  maxAttempts?: number;
  /** The kernel's name in messages; the name of its file if not given. */
  label?: string;
}

/** Options of `ResidentKernel.restore`. */
export interface RestoreOptions<Q extends StructLayout, R extends StructLayout> extends KernelOptions<Q, R> {
  /** A file that `checkpoint` wrote. */
  file: string;
  /** Accepts a checkpoint of another device or driver. For state that does not depend on the device. Default: false. */
  allowOtherDevice?: boolean;
}

/** The plan that follows from the options. */
export interface KernelPlan {
  readonly recipe: KernelRecipe;
  readonly maxPending: number;
  readonly maxTraceEntries: number;
  readonly maxJournalBytes: number;
  /** Infinity: a checkpoint may have any age. */
  readonly checkpointEveryMs: number;
  readonly hangTimeoutMs: number;
  readonly maxAttempts: number;
}

const source: Check = (name, value) => {
  if (typeof value === "string" ? value !== "" && !value.includes("\0") : value instanceof URL) return;
  if (typeof value === "object" && value !== null && "text" in value)
    return void readOptions<{ text: string }>(name, value, { text }, "text");
  throw badArgument(name, value, 'a path, a file URL, or { text: "the kernel" }');
};
const schema: Check = (name, value) => {
  if ((value as { kind?: unknown } | null | undefined)?.kind !== "struct")
    throw badArgument(name, value, "a struct, as struct() makes it");
};

const KERNEL_OPTIONS: OptionChecks<KernelOptions<StructLayout, StructLayout>> = {
  source,
  includeRoots: listOf(pathText),
  request: schema,
  response: schema,
  state: recordOf(whole(1), "sizes in bytes by the names of sections"),
  device: deviceWithoutHost,
  strategy: oneOf("auto", ...STRATEGY_NAMES),
  polite: boolean,
  unsafe: boolean,
  workgroups: whole(1, 0xffff),
  workgroupSize: whole(1, 1024),
  maxInFlight: matching(
    `a power of two from 1 to ${MAX_SLOTS}`,
    (value) =>
      typeof value === "number" && value >= 1 && value <= MAX_SLOTS && Number.isInteger(Math.log2(value)),
  ),
  maxPending: whole(1),
  leaseMs: positiveDuration,
  idle: nested<{ dozeAfterMs?: number; parkAfterMs?: number }>({
    dozeAfterMs: duration,
    parkAfterMs: duration,
  }),
  dutyCycle: assertShare,
  maxTraceEntries: whole(0, 1 << 24),
  checkpoint: nested<{ maxJournalBytes?: number; everyMs?: number }>({
    maxJournalBytes: whole(1),
    everyMs: positiveDuration,
  }),
  hangTimeoutMs: positiveDuration,
  maxAttempts: whole(1, 1000),
  label: text,
};
const RESTORE_OPTIONS: OptionChecks<RestoreOptions<StructLayout, StructLayout>> = {
  ...KERNEL_OPTIONS,
  file: fullText,
  allowOtherDevice: boolean,
};
const NEEDED = ["source", "request", "response"] as const;

/** A share of the time. */
export function assertShare(name: string, value: unknown): void {
  if (!(typeof value === "number" && value > 0 && value <= 1))
    throw badArgument(name, value, "a number above 0 and at most 1");
}

/** Checks the options of a kernel. @returns a copy @throws EW_BAD_ARGUMENT */
export function readKernelOptions<O>(what: string, given: O): O {
  return readOptions(`the options of ${what}`, given, KERNEL_OPTIONS, ...NEEDED) as O;
}

/** The same for `restore`. */
export function readRestoreOptions<O>(what: string, given: O): O {
  return readOptions(`the options of ${what}`, given, RESTORE_OPTIONS, "file", ...NEEDED) as O;
}

/** Fills in defaults. The options must have been checked. @throws EW_BAD_ARGUMENT, EW_REQUEST_TOO_LARGE */
export function planOf<Q extends StructLayout, R extends StructLayout>(
  options: KernelOptions<Q, R>,
): KernelPlan & { readonly types: KernelTypes<Q, R> } {
  const { source, workgroups = 1, workgroupSize = 64, maxInFlight = 256, maxPending = 1024 } = options;
  const {
    dutyCycle = 1,
    maxTraceEntries = 0,
    hangTimeoutMs = 10_000,
    maxAttempts = 2,
    leaseMs,
    idle = {},
  } = options;
  const types = kernelTypes<Q, R>(options);
  const { maxJournalBytes, everyMs = Infinity } = options.checkpoint ?? {};
  return {
    types,
    recipe: {
      source,
      includeRoots: options.includeRoots ?? [],
      types: types as unknown as KernelTypes,
      label: options.label ?? labelOf(source),
      strategy: strategyOf(options),
      workgroups,
      workgroupSize,
      maxInFlight,
      isUnsafe: options.unsafe ?? false,
      leaseMs,
      idle,
      dutyCycle,
    },
    maxPending,
    maxTraceEntries,
    maxJournalBytes: maxJournalBytes ?? Math.max(16 << 20, 64 * maxInFlight * REQUEST_WORDS_MAX),
    checkpointEveryMs: everyMs,
    hangTimeoutMs,
    maxAttempts,
  };
}

function labelOf(source: KernelText): string {
  if (source instanceof URL) return path.basename(source.pathname);
  return typeof source === "string" ? path.basename(source) : "kernel";
}
