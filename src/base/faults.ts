/**
 * Faults by name: what goes wrong once in a thousand runs is made to go wrong here and now, at a named point.
 *
 *     EVERWARP_ALLOW_FAULTS=1 EVERWARP_FAULT="device-lost@submit:3,kill@checkpoint.renamed"
 *
 * Each entry is `kind@point:n`: the n-th time that the point is passed (the first if not given; `n+` is from the n-th
 * on), the fault happens there in place of the call that the point stands for. Passes are counted in each thread, from
 * its start, or from `injectFaults` on.
 *
 * Invariants: a fault only ever fails, it never pretends that something worked. While none is set, passing a point is
 * one comparison with undefined. Without EVERWARP_ALLOW_FAULTS=1 the environment sets none: what a test left in it must
 * not end a program in earnest.
 */

import { constants } from "node:os";
import { EverwarpError } from "./errors.ts";

interface PointInfo {
  /** Which kinds of faults can happen there. */
  readonly layer: "device" | "file";
  /** What goes wrong in the world when it goes wrong here. */
  readonly standsFor: string;
}

/** Every place where a fault can be injected. `docs/faults.md` has the same table. */
export const FAULT_POINTS = {
  "create-device": { layer: "device", standsFor: "opening a device: vkCreateDevice" },
  "create-pipeline": { layer: "device", standsFor: "compiling a kernel: vkCreateComputePipelines" },
  allocate: { layer: "device", standsFor: "memory for a buffer: vkAllocateMemory" },
  submit: { layer: "device", standsFor: "handing work to a queue: vkQueueSubmit" },
  "fence-status": {
    layer: "device",
    standsFor: "a look at a fence, a timeline or a timestamp: vkGetFenceStatus",
  },
  "fence-wait": { layer: "device", standsFor: "a wait for a fence or a timeline, on this thread or another" },
  "checkpoint.open": { layer: "file", standsFor: "making a checkpoint's temporary file" },
  "checkpoint.written": {
    layer: "file",
    standsFor: "writing the second half of a section of a checkpoint (passed once for each section)",
  },
  "checkpoint.synced": {
    layer: "file",
    standsFor: "making the temporary file durable, when all of it is written: fsync",
  },
  "checkpoint.renamed": { layer: "file", standsFor: "giving the durable file its final name: rename" },
  "checkpoint.folder-synced": {
    layer: "file",
    standsFor: "making the new name durable: fsync of the folder",
  },
  "restore.opened": { layer: "file", standsFor: "opening a checkpoint" },
  "restore.read": {
    layer: "file",
    standsFor: "reading a section of a checkpoint (passed once for each section)",
  },
  "cache.lock": { layer: "file", standsFor: "taking a build lock: symlink" },
  "cache.read": { layer: "file", standsFor: "opening an entry of the program cache" },
  "cache.begun": { layer: "file", standsFor: "making the temporary file of an entry" },
  "cache.written": { layer: "file", standsFor: "writing the second half of an entry" },
  "cache.renamed": { layer: "file", standsFor: "giving a written entry its name: rename" },
  "cache.published": {
    layer: "file",
    standsFor: "what follows when an entry has its name: the end of the build lock",
  },
  "cache.used": { layer: "file", standsFor: "writing down that an entry was used" },
  "cache.quarantined": { layer: "file", standsFor: "moving a bad entry out of the way: rename" },
  "cache.removed": { layer: "file", standsFor: "removing an entry: unlink" },
  "cache.marked": { layer: "file", standsFor: "marking an entry before the driver sees it" },
  "cache.manifest-begun": {
    layer: "file",
    standsFor: "making the temporary file of manifest.json or stats.json",
  },
  "cache.manifest-written": { layer: "file", standsFor: "writing the second half of either" },
  "cache.manifest-renamed": { layer: "file", standsFor: "giving either its name: rename" },
} as const satisfies Record<string, PointInfo>;

/** The name of a place where a fault can be injected. */
export type FaultPoint = keyof typeof FAULT_POINTS;
type PointOf<Layer extends PointInfo["layer"]> = {
  [Point in FaultPoint]: (typeof FAULT_POINTS)[Point]["layer"] extends Layer ? Point : never;
}[FaultPoint];
/** Points in front of a Vulkan call. */
export type DeviceFaultPoint = PointOf<"device">;
/** Points in the work on a file. */
export type FileFaultPoint = PointOf<"file">;

const DEVICE_FAULTS = ["device-lost", "out-of-memory", "out-of-host-memory"] as const;
/** How a Vulkan call can fail by name. */
export type DeviceFault = (typeof DEVICE_FAULTS)[number];

const FILE_FAULTS = ["ENOSPC", "EIO", "EACCES", "EDQUOT", "EMFILE", "EROFS"] as const;
/** How a call of the file system can fail by name. */
export type FileFault = (typeof FILE_FAULTS)[number];

/** The process ends itself with SIGKILL: no handler runs, nothing is flushed. At every point. */
const KILL = "kill";

type FaultKind = DeviceFault | FileFault | typeof KILL;

interface ArmedFault {
  readonly kind: FaultKind;
  readonly point: FaultPoint;
  /** The pass at which it happens, from 1 on. */
  readonly first: number;
  readonly isLasting: boolean;
  passes: number;
}

/** Undefined while there is none: that is all that the hot path looks at. */
let armed: readonly ArmedFault[] | undefined;

/**
 * Arms faults on top of those that are armed already; disposing disarms them. For tests, which share a process.
 *
 * @param text as in EVERWARP_FAULT
 * @throws EW_BAD_ARGUMENT for what it does not know, saying what there is
 */
export function injectFaults(text: string): Disposable {
  const added = parseFaults(text);
  armed = [...(armed ?? []), ...added];
  return {
    [Symbol.dispose]() {
      const left = armed?.filter((fault) => !added.includes(fault)) ?? [];
      armed = left.length === 0 ? undefined : left;
    },
  };
}

/** Passes a point in front of a Vulkan call; returns how the call is to fail, or undefined when it is to be made. */
export function deviceFaultAt(point: DeviceFaultPoint): DeviceFault | undefined {
  return armed === undefined ? undefined : (passed(armed, point) as DeviceFault | undefined);
}

/**
 * Passes a point in the work on a file.
 *
 * @throws an error like those of node:fs, with `code` and `errno`, when it is to fail here
 */
export function fileFaultAt(point: FileFaultPoint): void {
  if (armed === undefined) return;
  const code = passed(armed, point) as FileFault | undefined;
  if (code === undefined) return;
  const errno = -constants.errno[code];
  throw Object.assign(new Error(`${code}: injected at ${point}`), { code, errno, syscall: point });
}

/** Counts a pass with every fault of the point; the first that is due happens. */
function passed(faults: readonly ArmedFault[], point: FaultPoint): Exclude<FaultKind, "kill"> | undefined {
  let due: FaultKind | undefined;
  for (const fault of faults) {
    if (fault.point !== point) continue;
    fault.passes++;
    if (fault.passes === fault.first || (fault.isLasting && fault.passes > fault.first)) due ??= fault.kind;
  }
  if (due !== KILL) return due;
  process.kill(process.pid, "SIGKILL");
  // The signal is taken at the return from the system call when this is the main thread, soon after when it is not.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** @throws EW_BAD_ARGUMENT */
function parseFaults(text: string): ArmedFault[] {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries.filter((entry) => entry !== "").map(parseFault);
}

function parseFault(entry: string): ArmedFault {
  const parts = /^([^@:]+)@([^@:]+)(?::([1-9][0-9]{0,8})(\+?))?$/.exec(entry);
  if (parts === null) {
    const kinds = [KILL, ...DEVICE_FAULTS, ...FILE_FAULTS].join(", ");
    const points = Object.keys(FAULT_POINTS).join(", ");
    throw new EverwarpError("EW_BAD_ARGUMENT", `the fault "${entry}" is not of the form kind@point:n`, {
      remedy:
        `Write for instance device-lost@submit:3, or EIO@restore.read:2+. ` +
        `The kinds are ${kinds}; the points are ${points}.`,
    });
  }
  const [, kind = "", point = "", first = "1", plus] = parts;
  if (!isPoint(point)) throw unknown("point", point, entry, Object.keys(FAULT_POINTS));
  const kinds: readonly FaultKind[] = [
    KILL,
    ...(FAULT_POINTS[point].layer === "device" ? DEVICE_FAULTS : FILE_FAULTS),
  ];
  if (!isOneOf(kinds, kind)) throw unknown(`kind at ${point}`, kind, entry, kinds);
  return { kind, point, first: Number(first), isLasting: plus === "+", passes: 0 };
}

function isPoint(name: string): name is FaultPoint {
  return Object.hasOwn(FAULT_POINTS, name);
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}

function unknown(what: string, name: string, entry: string, known: readonly string[]): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `the fault "${entry}" names an unknown ${what}: ${name}`, {
    remedy: `There is ${known.join(", ")}.`,
  });
}

/**
 * The faults that the environment asks for; undefined where it asks for none, or may not.
 *
 * EVERWARP_ALLOW_FAULTS is the switch: with anything but 1, EVERWARP_FAULT has no effect.
 */
export function faultsOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return environment["EVERWARP_ALLOW_FAULTS"] === "1" ? environment["EVERWARP_FAULT"] : undefined;
}

const fromEnvironment = faultsOfEnvironment(process.env);
if (fromEnvironment !== undefined) injectFaults(fromEnvironment);
