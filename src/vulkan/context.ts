/**
 * What the objects of an open device share with it.
 *
 * Invariants: an object is in `live` from its creation until it is disposed, and the device goes only when `live` is
 * empty; so nothing outlives its device, and nothing that native code may still use is garbage-collected. A device that
 * was lost stays lost: every later answer about its work is VK_ERROR_DEVICE_LOST. For a device that was abandoned no Vulkan
 * call is made any more, not even to destroy something: a kernel may still be at work in that memory. What is disposed
 * after a loss is destroyed as soon as the driver says that nothing runs any more, at the latest when the device is closed.
 */

import { EverwarpError } from "../base/errors.ts";
import type { DeviceFaultPoint } from "../base/faults.ts";
import { checkResult, injectedResult } from "./check-result.ts";
import type { PhysicalDevice } from "./device-info.ts";
import { inFrame } from "./frame.ts";
import type { CoreCommands } from "./generated/commands.ts";
import { VkResult } from "./generated/constants.ts";
import { VkDebugUtilsObjectNameInfoEXT } from "./generated/structs.ts";
import type { Instance } from "./instance.ts";
import type { MemoryTypes } from "./memory-roles.ts";
import { PipelineBinaries, pipelineBinaryCommands } from "./pipeline-binary.ts";
import { QueueMarks } from "./queue-marks.ts";

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
  /** Pipelines that were made from data of an earlier one: the driver compiled nothing. */
  pipelinesFromData: number;
  /** Pipelines that the driver made from SPIR-V. */
  pipelinesFromSpirv: number;
  /** Those of the latter for which there was data, which the driver did not take. */
  pipelineDataRefused: number;
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
    pipelinesFromData: 0,
    pipelinesFromSpirv: 0,
    pipelineDataRefused: 0,
    allocations: 0,
    allocatedBytes: 0,
  };
  /** Every object alive, and how to end it. */
  readonly live = new Map<HandleKind, Set<Disposable>>(HANDLE_KINDS.map((kind) => [kind, new Set()]));
  closed = false;
  /** Waits on other threads that have not returned. */
  asyncWaits = 0;
  /** Undefined where the driver hands out no pipeline binaries. */
  readonly binaries: PipelineBinaries | undefined;
  /** Whether pipelines are captured as binaries; else by a cache for each. */
  capturesBinaries: boolean;
  /** Whether the driver gave something to keep of a pipeline, when it was last asked; undefined before. */
  givesPipelineData: boolean | undefined;
  /** Every VkQueue in use. */
  readonly queues: bigint[] = [];
  #isLost = false;
  #isAbandoned = false;
  /** Whether it is known that nothing runs on the device that was lost. */
  #isStill = false;
  #marks: QueueMarks | undefined;
  /** Destroys what was disposed while something may have been running. */
  readonly #deferred: (() => void)[] = [];

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
    const hasBinaries = parts.physical.info.pipelineBinary !== undefined && parts.instance.passesBinaries;
    const commands = hasBinaries ? pipelineBinaryCommands(parts.handle) : undefined;
    this.binaries =
      commands && new PipelineBinaries(commands, parts.handle, (result, call) => this.check(result, call));
    this.capturesBinaries = this.binaries !== undefined;
  }

  /** Whether a call answered VK_ERROR_DEVICE_LOST, or the device was abandoned. Never becomes false again. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /**
   * Stands in front of a call whose failing matters: `answerAt("submit") ?? commands.vkQueueSubmit(…)`.
   *
   * @returns what the call answers without being made: the loss of a lost device, or a failure that is injected at `point`;
   * undefined when the call is to be made
   */
  answerAt(point: DeviceFaultPoint): number | undefined {
    return this.#isLost ? VkResult.VK_ERROR_DEVICE_LOST : injectedResult(point);
  }

  /** `checkResult` for calls on this device: remembers that it was lost. @throws as `checkResult` */
  check(result: number, call: string): number {
    if (result === VkResult.VK_ERROR_DEVICE_LOST) this.#isLost = true;
    return checkResult(result, call);
  }

  /** From now on no Vulkan call is made for this device, and what is alive is let go as it is. */
  abandon(): void {
    this.#isLost = true;
    this.#isAbandoned = true;
    for (const objects of this.live.values()) objects.clear();
    this.#deferred.length = 0;
  }

  /**
   * Waits until nothing runs on the device, by the driver's word; what was disposed after a loss is then destroyed.
   *
   * @returns false when the time ran out first
   */
  drain(timeoutNs: bigint): boolean {
    const { commands, handle, queues } = this;
    // Marks of an attempt that ran out of time come first: more may have been submitted since.
    if (this.#marks?.arePassed(timeoutNs) === false) return false;
    this.#marks = new QueueMarks(commands, handle, queues);
    if (!this.#marks.arePassed(timeoutNs)) return false;
    this.#marks = undefined;
    if (this.asyncWaits > 0) return false;
    this.#isStill = this.#isLost;
    for (const destroy of this.#deferred.splice(0)) destroy();
    return true;
  }

  /** @throws EW_CLOSED after the device was closed, EW_DEVICE_LOST after it was abandoned */
  assertOpen(): void {
    this.assertNotClosed();
    if (this.#isAbandoned) {
      throw new EverwarpError("EW_DEVICE_LOST", `the device ${this.physical.info.name} was abandoned`, {
        remedy: "A kernel on it could not be ended; go on with the device that replaces it.",
      });
    }
  }

  /** @throws EW_CLOSED after the device was closed */
  assertNotClosed(): void {
    if (this.closed) {
      throw new EverwarpError("EW_CLOSED", `the device ${this.physical.info.name} was closed`, {
        remedy: "Open it again before use.",
      });
    }
  }

  track(kind: HandleKind, object: Disposable): void {
    this.live.get(kind)?.add(object);
  }

  /** Ends an object that was tracked; `destroy` makes the Vulkan calls for it. */
  release(
    kind: HandleKind,
    object: Disposable,
    destroy: (commands: CoreCommands, device: bigint) => void,
  ): void {
    this.live.get(kind)?.delete(object);
    if (this.#isAbandoned) return;
    const mayRun = this.#isLost && !this.#isStill && !this.drain(0n);
    if (mayRun) this.#deferred.push(() => destroy(this.commands, this.handle));
    else destroy(this.commands, this.handle);
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
