/** What a kernel can be launched with: defaults and limits in one place. */
import path from "node:path";
import { EverwarpError } from "../base/errors.ts";
import type { StructLayout } from "../schema/index.ts";
import type { KernelRecipe, KernelText } from "./kernel-site.ts";
import { type KernelTypes, kernelTypes, REQUEST_WORDS_MAX } from "./kernel-source.ts";
import type { StrategyName } from "./strategies/index.ts";

const SLOTS_MAX = 4096;

export interface KernelOptions<Q extends StructLayout, R extends StructLayout> {
  /** The kernel: a path, a file URL (`new URL("./mean.comp", import.meta.url)`), or `{ text }`. It includes kernel.glsl and defines `perform`. */
  source: KernelText;
  /** Folders outside of the source's own and the package's that its includes may come from; they are looked for there, too. */
  includeRoots?: readonly string[];
  request: Q;
  response: R;
  /** Bytes of each section of device memory that survives every relaunch, by name. */
  state?: Readonly<Record<string, number>>;
  /** How the kernel is launched; `auto` (the default) lets the device's profile choose. */
  strategy?: StrategyName | "auto";
  /** Workgroups that each request is spread over; 1 if not given. */
  workgroups?: number;
  /** Threads of a workgroup; 64 if not given. */
  workgroupSize?: number;
  /** Requests of a lane that can be in flight: a power of two, 256 if not given, at most 4096. */
  slots?: number;
  /** Requests that may wait in the host's line before `tryCall` refuses; 1024 if not given. */
  queueLimit?: number;
  /** How long a launch stays before it parks (all strategies but persistent). */
  leaseMs?: number;
  /** An idle kernel pauses longer and longer between polls after `dozeAfterMs`, and parks after `parkAfterMs` (never, if not given). */
  idle?: { dozeAfterMs?: number; parkAfterMs?: number };
  /** Share of the time that the kernel may work: above 0, at most 1. */
  dutyCycle?: number;
  /** Requests that the trace keeps; none if not given. */
  trace?: number;
  /**
   * A checkpoint is taken by itself when the requests since the last one fill three quarters of `journalBytesMax` (16 MiB if not given); and, where
   * `everyMs` is given, when the last one is as old as that, something was done since, and something is in flight or was answered just now: then a
   * long job that is lost goes back that far and not to its beginning.
   */
  checkpoint?: { journalBytesMax?: number; everyMs?: number };
  /** A kernel that finishes nothing for this long with requests in flight counts as hung; 10,000 if not given. */
  hangTimeoutMs?: number;
  /** Losses with the same request in hand after which it is given up, and failed recoveries after which the kernel is; 2 if not given. */
  attemptsMax?: number;
  /** What messages call the kernel; the name of its file if not given. */
  label?: string;
}

/** What follows from the options. */
export interface KernelPlan {
  readonly recipe: KernelRecipe;
  readonly queueLimit: number;
  readonly trace: number;
  readonly journalBytesMax: number;
  /** Infinity: a checkpoint may have any age. */
  readonly checkpointEveryMs: number;
  readonly hangTimeoutMs: number;
  readonly attemptsMax: number;
}

/** Fills in defaults and checks ranges. @throws EW_BAD_ARGUMENT, EW_REQUEST_TOO_LARGE */
export function planOf<Q extends StructLayout, R extends StructLayout>(
  options: KernelOptions<Q, R>,
): KernelPlan & { readonly types: KernelTypes<Q, R> } {
  const {
    source,
    strategy = "auto",
    workgroups = 1,
    workgroupSize = 64,
    slots = 256,
    queueLimit = 1024,
  } = options;
  const { dutyCycle = 1, trace = 0, hangTimeoutMs = 10_000, attemptsMax = 2, leaseMs, idle = {} } = options;
  const types = kernelTypes<Q, R>(options);
  assertWhole("workgroups", workgroups, 1, 0xffff);
  assertWhole("workgroupSize", workgroupSize, 1, 1024);
  assertWhole("slots", slots, 1, SLOTS_MAX);
  if ((slots & (slots - 1)) !== 0) throw outOfRange("slots", slots, "a power of two");
  assertWhole("queueLimit", queueLimit, 1, Number.MAX_SAFE_INTEGER);
  assertWhole("trace", trace, 0, 1 << 24);
  assertWhole("attemptsMax", attemptsMax, 1, 1000);
  if (!(hangTimeoutMs > 0))
    throw outOfRange("hangTimeoutMs", hangTimeoutMs, "a number of milliseconds above 0");
  const { journalBytesMax, everyMs = Infinity } = options.checkpoint ?? {};
  if (!(everyMs > 0)) throw outOfRange("checkpoint.everyMs", everyMs, "a number of milliseconds above 0");
  if (!(dutyCycle > 0 && dutyCycle <= 1)) throw outOfRange("dutyCycle", dutyCycle, "above 0 and at most 1");
  return {
    types,
    recipe: {
      source,
      includeRoots: options.includeRoots ?? [],
      types: types as unknown as KernelTypes,
      label: options.label ?? labelOf(source),
      strategy,
      workgroups,
      workgroupSize,
      slots,
      leaseMs,
      idle,
      dutyCycle,
    },
    queueLimit,
    trace,
    journalBytesMax: journalBytesMax ?? Math.max(16 << 20, 64 * slots * REQUEST_WORDS_MAX),
    checkpointEveryMs: everyMs,
    hangTimeoutMs,
    attemptsMax,
  };
}

function labelOf(source: KernelText): string {
  if (source instanceof URL) return path.basename(source.pathname);
  return typeof source === "string" ? path.basename(source) : "kernel";
}

function assertWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw outOfRange(name, value, `a whole number of ${least} to ${most}`);
}

function outOfRange(name: string, value: number, wanted: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `${name} is ${value}`, { remedy: `It must be ${wanted}.` });
}
