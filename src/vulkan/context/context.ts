/**
 * The state that the objects of an open device share.
 *
 * Invariants:
 * - An object is in `live` from its creation until its disposal. The device is destroyed only when `live` is empty. So
 *   no object outlives its device, and the garbage collector never frees memory that native code may still use.
 * - A lost device stays lost. Every later call about its work gives VK_ERROR_DEVICE_LOST.
 * - After a device was abandoned, no Vulkan call is made for it, not even to destroy objects. A kernel may still be
 *   using their memory.
 * - Objects may be disposed after a loss, or while work runs that nobody waits for. Such objects are destroyed when the
 *   driver says that the work has ended, at the latest when the device is closed.
 * - The handle of a closed device is not available.
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
/** The kinds of objects that a device tracks. */
export type HandleKind = (typeof HANDLE_KINDS)[number];

/** Counts of operations since the device was opened. */
export interface Counters {
  /** Calls of vkQueueSubmit. */
  submits: number;
  /** Dispatches recorded into command buffers, direct and indirect. */
  dispatchesRecorded: number;
  /** Dispatches in submitted command buffers: the dispatches that the device was asked to run. */
  dispatchesSubmitted: number;
  /** Waits for a fence or a timeline, of any length. */
  fenceWaits: number;
  /** Waits that were allowed to block the thread. */
  blockingWaits: number;
  /** Checks of a fence that never block. */
  fencePolls: number;
  /** Pipelines made from the data of an earlier pipeline, so that the driver compiled nothing. */
  pipelinesFromData: number;
  /** Pipelines that the driver made from SPIR-V. */
  pipelinesFromSpirv: number;
  /** Pipelines made from SPIR-V because the driver refused their data. */
  pipelineDataRefused: number;
  /** Memory allocations. */
  allocations: number;
  /** Bytes of device memory that are allocated now. */
  allocatedBytes: number;
}

/** The fence of a launch that runs until it is told to end. */
export interface StayingLaunch {
  /** Whether the launch may still be running. */
  isPending(): boolean;
}

/** An open VkDevice, and the state that its objects share. */
export class DeviceContext {
  readonly commands: CoreCommands;
  readonly instance: Instance;
  readonly physical: PhysicalDevice;
  readonly #handle: bigint;
  /** The memory types for buffers that are created from now on. */
  memoryTypes: MemoryTypes;
  /** The families of all queues in use, without duplicates. Buffers are shared among these families. */
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
  /** All live objects by kind. */
  readonly live = new Map<HandleKind, Set<Disposable>>(HANDLE_KINDS.map((kind) => [kind, new Set()]));
  closed = false;
  /** True while the device destroys its live objects. Nothing runs on it at that time. */
  isEnding = false;
  /** Waits on worker threads that have not returned. */
  asyncWaits = 0;
  /** Every VkQueue in use. */
  readonly queues: bigint[] = [];
  #isLost = false;
  #isAbandoned = false;
  /** True once it is known that nothing runs on the lost device. */
  #isStill = false;
  #marks: QueueMarks | undefined;
  /** Marks after work that nobody waits for any more. */
  #strays: QueueMarks[] = [];
  /** Destroy objects that were disposed while work may have been using them. */
  readonly #deferred: (() => void)[] = [];
  /** Fences of launches that run until they are told to end. */
  readonly #staying = new Set<StayingLaunch>();
  /** Marks after all work that was submitted before the last attempt to make or destroy a pipeline. */
  #pipelineMarks: QueueMarks | undefined;
  /** Destroy pipelines as soon as the driver can do it. */
  readonly #postponed: (() => void)[] = [];
  /** Everything that relies on the device staying open, with the names for messages. */
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

  /** The VkDevice. @throws EW_CLOSED after the device was closed */
  get handle(): bigint {
    if (this.closed) this.assertNotClosed();
    return this.#handle;
  }

  /** Whether a call returned VK_ERROR_DEVICE_LOST, or the device was abandoned. Never becomes false again. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /**
   * Stands in front of a call whose failure matters: `answerAt("submit") ?? commands.vkQueueSubmit(…)`.
   *
   * @returns the result to use instead of the call: the loss of a lost device, or the failure injected at `point`.
   * Undefined if the call is to be made
   */
  answerAt(point: DeviceFaultPoint): number | undefined {
    return this.#isLost ? VkResult.VK_ERROR_DEVICE_LOST : injectedResult(point);
  }

  /** Like `checkResult`, for calls on this device. Remembers a loss of the device. @throws as `checkResult` */
  check(result: number, call: string): number {
    if (result === VkResult.VK_ERROR_DEVICE_LOST) this.#isLost = true;
    return checkResult(result, call);
  }

  /** Stops all Vulkan calls for this device. Its live objects are dropped without being destroyed. */
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

  /** Keeps the device open. Returns a function that ends this; a second call of that function does nothing. */
  hold(name: string): () => void {
    this.assertNotClosed();
    const holder = { name };
    this.#holders.add(holder);
    return () => void this.#holders.delete(holder);
  }

  /** The names of everything that keeps the device open. */
  get holders(): string[] {
    return Array.from(this.#holders, ({ name }) => name);
  }

  /** Registers the fence of a launch that runs until it is told to end. */
  addStaying(fence: StayingLaunch): void {
    this.#staying.add(fence);
  }

  /** Whether a running launch keeps the driver from making pipelines (see `canMakePipelines`). */
  get isHeldByStaying(): boolean {
    if (this.#staying.size === 0) return false;
    for (const fence of this.#staying) if (!fence.isPending()) this.#staying.delete(fence);
    return this.#staying.size > 0 && this.physical.info.type === "cpu";
  }

  /**
   * Whether the driver can make and destroy pipelines now. Software drivers lock their queue for that. If a launch does
   * not end, they wait for ever, and block the thread that could stop the launch or give it up.
   *
   * @param timeoutNs how long to wait until the driver can
   */
  canMakePipelines(timeoutNs: bigint): boolean {
    if (this.physical.info.type !== "cpu" || this.isEnding || this.#isLost) return true;
    if (this.isHeldByStaying) return false;
    this.#pipelineMarks ??= new QueueMarks(this.commands, this.handle, this.queues);
    if (!this.#pipelineMarks.arePassed(timeoutNs)) return false;
    this.#pipelineMarks = undefined;
    return true;
  }

  /**
   * Tells that nobody waits any more for the work submitted so far to a queue (a VkQueue). The work may take any time.
   */
  leaveBehind(queue: bigint): void {
    if (this.#isLost || this.closed || this.isEnding) return;
    const marks = new QueueMarks(this.commands, this.handle, [queue]);
    if (!marks.arePassed(0n)) this.#strays.push(marks);
  }

  /**
   * Waits until the driver says that nothing runs on the device. Then destroys the objects that were disposed after a
   * loss.
   *
   * @returns false if the timeout passed first
   */
  drain(timeoutNs: bigint): boolean {
    const { commands, handle, queues } = this;
    // An earlier attempt may have timed out. Wait for its marks first, because more may have been submitted since.
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
        remedy: "A kernel on it could not be ended. Continue with the device that replaces it.",
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
    if (this.#deferred.length > 0) this.#mayRun(); // destroys what can be destroyed now
    this.#destroyPostponed();
    this.live.get(kind)?.add(object);
  }

  /** Ends a tracked object. `destroy` makes the Vulkan calls for that. */
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

  /** Whether work may be running that nobody waits for. If not, destroys the deferred objects. */
  #mayRun(): boolean {
    if (this.isEnding) return false;
    if (this.#isLost) return !this.#isStill && !this.drain(0n);
    if (this.#strays.length === 0) return false;
    this.#strays = this.#strays.filter((marks) => !marks.arePassed(0n));
    if (this.#strays.length > 0) return true;
    for (const destroy of this.#deferred.splice(0)) destroy();
    return false;
  }

  /** Names an object for the messages of the validation layer. Without the layer, it does nothing. */
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
