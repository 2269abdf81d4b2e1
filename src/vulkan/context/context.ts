/**
 * What the objects of an open device share with it.
 *
 * Invariants: an object is in `live` from its creation until it is disposed, and the device goes only when `live` is
 * empty; so nothing outlives its device, and nothing that native code may still use is garbage-collected. A device that
 * was lost stays lost: every later answer about its work is VK_ERROR_DEVICE_LOST. For a device that was abandoned no
 * Vulkan call is made any more, not even to destroy something: a kernel may still be at work in that memory. What is
 * disposed after a loss, or while work runs that nobody waits for any more, is destroyed as soon as the driver says
 * that nothing of it runs, at the latest when the device is closed. The handle of a device that was closed is not given
 * out.
 */

import { EverwarpError, type DeviceFaultPoint } from "../../base/index.ts";
import { checkResult, injectedResult } from "../calls/index.ts";
import type { Instance, MemoryTypes, PhysicalDevice } from "../instance/index.ts";
import { inFrame } from "../native/index.ts";
import { type CoreCommands, VkDebugUtilsObjectNameInfoEXT, VkResult } from "../generated/index.ts";
import { QueueMarks } from "./queue-marks.ts";

/** The kinds of Vulkan objects that a device counts. */
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

/** The fence of a launch that stays until it is told to end. */
export interface StayingLaunch {
  /** Whether the launch may still be running. */
  isPending(): boolean;
}

/** An open VkDevice, and what its objects share. */
export class DeviceContext {
  readonly commands: CoreCommands;
  readonly instance: Instance;
  readonly physical: PhysicalDevice;
  readonly #handle: bigint;
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
  /** Nothing runs any more, and all that is alive is being destroyed. */
  isEnding = false;
  /** Waits on other threads that have not returned. */
  asyncWaits = 0;
  /** Every VkQueue in use. */
  readonly queues: bigint[] = [];
  #isLost = false;
  #isAbandoned = false;
  /** Whether it is known that nothing runs on the device that was lost. */
  #isStill = false;
  #marks: QueueMarks | undefined;
  /** Behind work that nobody waits for any more. */
  #strays: QueueMarks[] = [];
  /** Destroys what was disposed while something may have been running. */
  readonly #deferred: (() => void)[] = [];
  /** Fences of launches that stay: they end when they are told to, and not before. */
  readonly #staying = new Set<StayingLaunch>();
  /** Behind all that was submitted when somebody last wished to make or destroy a pipeline. */
  #pipelineMarks: QueueMarks | undefined;
  /** Destroys pipelines, when the driver can. */
  readonly #postponed: (() => void)[] = [];
  /** Those that rely on the device staying open, and what messages call them. */
  readonly #holders = new Set<{ readonly name: string }>();

  constructor(
    parts: Pick<
      DeviceContext,
      "commands" | "instance" | "physical" | "handle" | "memoryTypes" | "queueFamilies"
    >,
  ) {
    this.commands = parts.commands;
    this.instance = parts.instance;
    this.physical = parts.physical;
    this.#handle = parts.handle;
    this.memoryTypes = parts.memoryTypes;
    this.queueFamilies = parts.queueFamilies;
  }

  /** The VkDevice. @throws EW_CLOSED after it was closed */
  get handle(): bigint {
    if (this.closed) this.assertNotClosed();
    return this.#handle;
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
   * @returns what the call answers without being made: the loss of a lost device, or a failure that is injected at
   * `point`; undefined when the call is to be made
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
    if (this.#isAbandoned) return;
    this.#isLost = true;
    this.#isAbandoned = true;
    this.instance.retire();
    for (const objects of this.live.values()) objects.clear();
    this.#deferred.length = 0;
    this.#strays.length = 0;
    this.#postponed.length = 0;
    this.#pipelineMarks = undefined;
    this.#staying.clear();
  }

  /** Somebody relies on the device staying open; returns what ends that. Twice does nothing more. */
  hold(name: string): () => void {
    this.assertNotClosed();
    const holder = { name };
    this.#holders.add(holder);
    return () => void this.#holders.delete(holder);
  }

  /** The names of those that rely on the device staying open. */
  get holders(): string[] {
    return Array.from(this.#holders, ({ name }) => name);
  }

  /** The launch behind a fence stays until it is told to end. */
  addStaying(fence: StayingLaunch): void {
    this.#staying.add(fence);
  }

  /** Whether a launch that stays keeps the driver from making pipelines (see `canMakePipelines`). */
  get isHeldByStaying(): boolean {
    if (this.#staying.size === 0) return false;
    for (const fence of this.#staying) if (!fence.isPending()) this.#staying.delete(fence);
    return this.#staying.size > 0 && this.physical.info.type === "cpu";
  }

  /**
   * Whether the driver can make and destroy pipelines now. Software drivers lock their queue for that: behind a launch
   * that does not end they would wait for ever, and with them the thread that could tell it to end, or give it up.
   *
   * @param timeoutNs how long to wait for it
   */
  canMakePipelines(timeoutNs: bigint): boolean {
    if (this.physical.info.type !== "cpu" || this.isEnding || this.#isLost) return true;
    if (this.isHeldByStaying) return false;
    this.#pipelineMarks ??= new QueueMarks(this.commands, this.handle, this.queues);
    if (!this.#pipelineMarks.arePassed(timeoutNs)) return false;
    this.#pipelineMarks = undefined;
    return true;
  }

  /** Nobody waits any more for what a queue (a VkQueue) was given so far: it may run for as long as it likes. */
  leaveBehind(queue: bigint): void {
    if (this.#isLost || this.closed || this.isEnding) return;
    const marks = new QueueMarks(this.commands, this.handle, [queue]);
    if (!marks.arePassed(0n)) this.#strays.push(marks);
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
    this.#strays = this.#strays.filter((marks) => !marks.arePassed(0n));
    if (this.#pipelineMarks?.arePassed(0n) === true) this.#pipelineMarks = undefined;
    if (this.asyncWaits > 0) return false;
    this.#isStill = this.#isLost;
    for (const destroy of [...this.#deferred.splice(0), ...this.#postponed.splice(0)]) destroy();
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
    if (this.#deferred.length > 0) this.#mayRun(); // some of it may go by now
    this.#destroyPostponed();
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
    this.#destroyPostponed();
    if (this.#mayRun()) this.#deferred.push(() => destroy(this.commands, this.handle));
    else if (kind === "pipeline" && !this.canMakePipelines(0n))
      this.#postponed.push(() => destroy(this.commands, this.handle));
    else destroy(this.commands, this.handle);
  }

  #destroyPostponed(): void {
    if (this.#postponed.length === 0 || !this.canMakePipelines(0n)) return;
    for (const destroy of this.#postponed.splice(0)) destroy();
  }

  /** Whether something may run that nobody waits for; where nothing does, what was put off is destroyed. */
  #mayRun(): boolean {
    if (this.isEnding) return false;
    if (this.#isLost) return !this.#isStill && !this.drain(0n);
    if (this.#strays.length === 0) return false;
    this.#strays = this.#strays.filter((marks) => !marks.arePassed(0n));
    if (this.#strays.length > 0) return true;
    for (const destroy of this.#deferred.splice(0)) destroy();
    return false;
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
