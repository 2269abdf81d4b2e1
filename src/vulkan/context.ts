/**
 * What the objects of an open device share with it.
 *
 * Invariants: an object is in `live` from its creation until it is disposed, and the device goes only when `live` is
 * empty; so nothing outlives its device, and nothing that native code may still use is garbage-collected.
 */

import { EverwarpError } from "../base/errors.ts";
import type { PhysicalDevice } from "./device-info.ts";
import { inFrame } from "./frame.ts";
import type { CoreCommands } from "./generated/commands.ts";
import { VkDebugUtilsObjectNameInfoEXT } from "./generated/structs.ts";
import type { Instance } from "./instance.ts";
import type { MemoryTypes } from "./memory-roles.ts";

export const HANDLE_KINDS = [
  "buffer",
  "pipeline",
  "pipelineCache",
  "commandBuffer",
  "fence",
  "timeline",
  "timestamps",
] as const;
/** Kinds of objects that a device tracks. */
export type HandleKind = (typeof HANDLE_KINDS)[number];

/** How often the device was called on, since it was opened. */
export interface Counters {
  /** Calls of vkQueueSubmit. */
  submits: number;
  /** Dispatches written into command buffers, direct and indirect. */
  dispatchesRecorded: number;
  /** Dispatches that submitted command buffers held: what the device was really asked to run. */
  dispatchesSubmitted: number;
  /** Waits for a fence or a timeline, of any length. */
  fenceWaits: number;
  /** Those of the waits that were allowed to block the thread. */
  blockingWaits: number;
  /** Looks at a fence that never block. */
  fencePolls: number;
  /** Memory allocations. */
  allocations: number;
  /** Bytes of device memory held at present. */
  allocatedBytes: number;
}

export class DeviceContext {
  readonly commands: CoreCommands;
  readonly instance: Instance;
  readonly physical: PhysicalDevice;
  readonly handle: bigint;
  /** For buffers made from now on. */
  memoryTypes: MemoryTypes;
  /** Families of the queues in use, without repetition: buffers are shared among them. */
  readonly queueFamilies: readonly number[];
  readonly counters: Counters = {
    submits: 0,
    dispatchesRecorded: 0,
    dispatchesSubmitted: 0,
    fenceWaits: 0,
    blockingWaits: 0,
    fencePolls: 0,
    allocations: 0,
    allocatedBytes: 0,
  };
  /** Every object alive, and how to end it. */
  readonly live = new Map<HandleKind, Set<Disposable>>(HANDLE_KINDS.map((kind) => [kind, new Set()]));
  closed = false;

  constructor(
    parts: Pick<
      DeviceContext,
      "commands" | "instance" | "physical" | "handle" | "memoryTypes" | "queueFamilies"
    >,
  ) {
    this.commands = parts.commands;
    this.instance = parts.instance;
    this.physical = parts.physical;
    this.handle = parts.handle;
    this.memoryTypes = parts.memoryTypes;
    this.queueFamilies = parts.queueFamilies;
  }

  /** @throws EW_CLOSED after the device was closed */
  assertOpen(): void {
    if (this.closed) {
      throw new EverwarpError("EW_CLOSED", `the device ${this.physical.info.name} was closed`, {
        remedy: "Open it again before use.",
      });
    }
  }

  track(kind: HandleKind, object: Disposable): void {
    this.live.get(kind)?.add(object);
  }

  untrack(kind: HandleKind, object: Disposable): void {
    this.live.get(kind)?.delete(object);
  }

  /** Names an object in the messages of the validation layer; does nothing without it. */
  name(objectType: number, handle: bigint, label: string | undefined): void {
    const { setObjectName } = this.instance;
    if (setObjectName === undefined || label === undefined) return;
    inFrame((frame) => {
      const info = frame.struct(VkDebugUtilsObjectNameInfoEXT, {
        objectType,
        objectHandle: handle,
        pObjectName: frame.text(label),
      });
      setObjectName(this.handle, info.address);
    });
  }
}
