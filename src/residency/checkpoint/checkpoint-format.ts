/**
 * The header of a checkpoint file (`sealed-format.ts`): which kernel and device the state belongs to, and its progress.
 */
import { EverwarpError } from "../../base/index.ts";
import {
  isCount,
  isRecord,
  type About,
  corrupted,
  type FileKind,
  type NamedFile,
} from "../../storage/index.ts";

/** The words and error codes of checkpoint files. */
export const CHECKPOINT_FILE: FileKind = {
  noun: "checkpoint",
  truncated: "EW_CHECKPOINT_TRUNCATED",
  corrupted: "EW_CHECKPOINT_CORRUPTED",
  outdated: "EW_CHECKPOINT_OUTDATED",
};

/** Identifies who can use the state in a checkpoint. The texts are only compared for equality. */
export interface CheckpointIdentity {
  /** The device's model and identity. */
  readonly deviceKey: string;
  /** The driver and its version. */
  readonly driverKey: string;
  /** The kernel's code: a hash of its SPIR-V. */
  readonly kernelKey: string;
  /** A hash of the layouts of request, response and state. */
  readonly layoutHash: string;
}

type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** The progress of a kernel. Counts are non-negative safe integers. */
export interface CheckpointProgress {
  /** Ticks of the loop that the kernel has run, over all its launches. */
  readonly iterations: number;
  /** Why the kernel was not running: `parked`, `idle`, `stopped`. */
  readonly phase: string;
  /** Sequence number of the last request that was answered, by priority. */
  readonly sequences: readonly number[];
  /** Requests taken, over all priorities. */
  readonly taken: number;
  readonly workgroupCount: number;
  /** Further data of the writer. */
  readonly details?: JsonValue;
}

/** The state of a kernel between two launches. */
export interface Checkpoint {
  readonly identity: CheckpointIdentity;
  readonly progress: CheckpointProgress;
  /** By name, in the order of the file. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** The header of a checkpoint. */
export type CheckpointAbout = Omit<Checkpoint, "sections">;

/** Encodes the header. @throws EW_BAD_ARGUMENT for data that could not be read again */
export function encodeAbout({ identity, progress }: CheckpointAbout): About {
  const about: unknown = JSON.parse(JSON.stringify({ identity, progress }));
  if (!isCheckpointAbout(about)) {
    throw new EverwarpError("EW_BAD_ARGUMENT", "a checkpoint whose identity or progress cannot be kept", {
      remedy: "Give texts, and non-negative safe integers.",
    });
  }
  return { ...about };
}

/** @throws EW_CHECKPOINT_CORRUPTED for a file of another kind */
export function readAbout(about: About, source: NamedFile): CheckpointAbout {
  if (isCheckpointAbout(about)) return about;
  if (typeof about["holds"] === "string") {
    throw new EverwarpError(
      source.kind.corrupted,
      `${source.file} is no checkpoint: it holds a ${about["holds"].slice(0, 40)}`,
      { remedy: "Name a file that was saved as a checkpoint." },
    );
  }
  throw corrupted(source, "its header");
}

function isCheckpointAbout(value: unknown): value is CheckpointAbout {
  if (!isRecord(value)) return false;
  const { identity, progress } = value;
  if (!isRecord(identity) || !isRecord(progress)) return false;
  const keys: (keyof CheckpointIdentity)[] = ["deviceKey", "driverKey", "kernelKey", "layoutHash"];
  const { iterations, phase, sequences, taken, workgroupCount } = progress;
  return (
    keys.every((key) => typeof identity[key] === "string") &&
    typeof phase === "string" &&
    Array.isArray(sequences) &&
    [iterations, taken, workgroupCount, ...(sequences as unknown[])].every(isCount)
  );
}

/**
 * Checks that a checkpoint belongs to the kernel and device that want to restore it.
 *
 * @throws EW_CHECKPOINT_OTHER_KERNEL, EW_CHECKPOINT_OUTDATED, EW_CHECKPOINT_OTHER_DEVICE, in this order
 */
export function assertIdentity(
  found: CheckpointIdentity,
  expected: CheckpointIdentity,
  allowOtherDevice: boolean,
  file: string,
): void {
  const differs = (key: keyof CheckpointIdentity): string | undefined =>
    found[key] === expected[key] ? undefined : `its ${key} is ${found[key]} and not ${expected[key]}`;
  const kernel = differs("kernelKey");
  if (kernel !== undefined) {
    throw new EverwarpError("EW_CHECKPOINT_OTHER_KERNEL", `${file} comes from another kernel: ${kernel}`, {
      remedy: "Restore it with the same kernel that saved it, or start without a checkpoint.",
    });
  }
  const layout = differs("layoutHash");
  if (layout !== undefined) {
    throw new EverwarpError(
      "EW_CHECKPOINT_OUTDATED",
      `${file} holds other structs than the kernel has now: ${layout}`,
      {
        remedy:
          "Open the kernel with the request, response and state of the kernel that saved it. " +
          "Or start without a checkpoint.",
      },
    );
  }
  const device = differs("deviceKey") ?? differs("driverKey");
  if (device !== undefined && !allowOtherDevice) {
    throw new EverwarpError("EW_CHECKPOINT_OTHER_DEVICE", `${file} comes from another device: ${device}`, {
      remedy: "Set allowOtherDevice when the kernel's state does not depend on the device.",
    });
  }
}
