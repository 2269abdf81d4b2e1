/**
 * An open device: it creates buffers, pipelines, command buffers and fences, and destroys them when it is closed.
 *
 * Invariants:
 * - Every wait has a limit. Nothing calls vkDeviceWaitIdle or vkQueueWaitIdle: with a resident kernel these calls would
 *   never return.
 * - `close` waits until the queues are idle, then destroys all live objects. If the queues do not become idle in time,
 *   `close` throws and leaves the device open. A lost device can always be closed: if its queues do not become idle,
 *   the device is abandoned.
 * - `close` throws while something holds the device, such as a kernel. The error names the holders. Without the
 *   device's memory, the holders would crash.
 * - A replacement device is closed together with the first device, because callers know only the first one.
 *
 *     open ──loss──▶ lost ──close──▶ closed         lost, abandoned ──replace──▶ the same device, opened again
 *       └──abandon──▶ abandoned ──close──▶ closed (without a Vulkan call)
 */

import { setTimeout as sleep } from "node:timers/promises";
import {
  assertInstance,
  badArgument,
  OPEN_DEVICE,
  text,
  wholeNumber,
  nowMs,
  EverwarpError,
} from "../../base/index.ts";
import {
  assertBody,
  assertRole,
  bufferOptions,
  commandBufferOptions,
  deviceOptions,
  fenceOptions,
  memoryTypes,
  pipelineOptions,
  runOptions,
  timeoutOptions,
} from "./arguments.ts";
import { heldError, overdueError } from "./device-errors.ts";
import { OneTimeWork } from "./one-time-work.ts";
import type { DeviceOptions, RunOptions, TimeoutOptions } from "./device-options.ts";
import { type BufferOptions, DeviceBuffer } from "../memory/index.ts";
import {
  CommandBuffer,
  type CommandBufferOptions,
  Fence,
  Queue,
  type Recorder,
  Timeline,
  Timestamps,
} from "../submit/index.ts";
import { type Counters, DeviceContext, HANDLE_KINDS, type HandleKind } from "../context/index.ts";
import {
  acquireInstance,
  chooseMemoryTypes,
  type DeviceInfo,
  type DeviceLimits,
  memoryBudget,
  type MemoryRole,
  type MemoryTypes,
  type PhysicalDevice,
  physicalDevices,
  selectDevice,
} from "../instance/index.ts";
import { vulkan } from "../calls/index.ts";
import { assertIdle, destroyDevice, findAgain } from "./device-end.ts";
import { chooseQueues, createDevice, type QueueChoice, queuesOf } from "./logical-device.ts";
import {
  ComputePipeline,
  type ComputePipelineOptions,
  PipelineCache,
  pipelineDataKind,
  type PipelineDataKind,
  pipelineSupport,
} from "../pipeline/index.ts";
import { type QueueLease, QueueLeases } from "./queue-leases.ts";

/** How long `close` waits for running work. */
const CLOSE_TIMEOUT_MS = 10_000;
/** How long `run` and `runAsync` wait by default. */
const RUN_TIMEOUT_MS = 10_000;

/** An open device. `Device.open` creates it. */
export class Device implements Disposable {
  readonly [OPEN_DEVICE] = true;
  /** The device's properties. */
  readonly info: DeviceInfo;
  /** The queue for dispatches and transfers. */
  readonly queue: Queue;
  /** A queue for transfers while a kernel runs. Equal to `queue` if the device has only one queue. */
  readonly transferQueue: Queue;
  readonly #leases: QueueLeases;
  readonly #context: DeviceContext;
  readonly #options: DeviceOptions;
  readonly #work: OneTimeWork;
  /** The device that `replace` opened. */
  #successor: Device | undefined;
  #isClosing = false;

  private constructor(context: DeviceContext, families: QueueChoice, options: DeviceOptions) {
    this.#context = context;
    this.#options = options;
    this.info = context.physical.info;
    this.#work = new OneTimeWork(context);
    this.queue = new Queue(context, families.compute.family, 0);
    const { transfer } = families;
    this.transferQueue =
      transfer === undefined ? this.queue : new Queue(context, transfer.family, transfer.index);
    this.#leases = new QueueLeases(context, families.leasable);
  }

  /**
   * Opens a device.
   *
   * @param findOpen may return a device that is already open, instead of a new one. The caller decides who closes that
   * device
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD, EW_BAD_ARGUMENT, EW_VULKAN
   */
  static open(given: DeviceOptions = {}, findOpen?: (info: DeviceInfo) => Device | undefined): Device {
    const options = deviceOptions(given);
    const { select = "auto", allowSoftware = false } = options;
    return Device.#open(options, (devices) => selectDevice(devices, select, allowSoftware), findOpen);
  }

  static #open(
    options: DeviceOptions,
    choose: (devices: readonly PhysicalDevice[]) => PhysicalDevice,
    findOpen?: (info: DeviceInfo) => Device | undefined,
  ): Device {
    const { validation = false, memoryTypes, queuesToLease, driverCache = true } = options;
    const instance = acquireInstance(validation);
    try {
      const physical = choose(physicalDevices(instance.handle));
      const open = findOpen?.(physical.info);
      if (open !== undefined) {
        instance.release();
        return open;
      }
      const families = chooseQueues(physical.info, queuesToLease);
      const chosenTypes = chooseMemoryTypes(physical.info, memoryTypes);
      const handle = createDevice(physical, families, {
        driverCache,
        passesBinaries: instance.passesBinaries,
      });
      try {
        const context = new DeviceContext({
          commands: vulkan(),
          instance,
          physical,
          handle,
          memoryTypes: chosenTypes,
          queueFamilies: [...new Set(queuesOf(families).map(({ family }) => family.index))],
        });
        return new Device(context, families, options);
      } catch (error) {
        vulkan().vkDestroyDevice(handle, null);
        throw error;
      }
    } catch (error) {
      instance.release();
      throw error;
    }
  }

  /** The limits of the device. The same as `info.limits`. */
  get limits(): DeviceLimits {
    return this.info.limits;
  }

  /** Counts of operations on this device. All counts except `allocatedBytes` only grow. */
  get counters(): Readonly<Counters> {
    return this.#context.counters;
  }

  /**
   * How this driver lets programs keep compiled pipelines. The answer comes from the last pipeline that was made with
   * `captureData`. If there was none, this getter makes an empty pipeline to find out.
   */
  get pipelineDataKind(): PipelineDataKind {
    return pipelineDataKind(this.#context);
  }

  /**
   * The key of the driver's pipeline data, in hexadecimal. The driver promises to accept its data as long as the key
   * stays the same.
   */
  get pipelineDataKey(): string {
    return pipelineSupport(this.#context).binaries?.globalKey() ?? this.info.pipelineCacheUuid;
  }

  /** The memory type of each role. */
  get memoryTypes(): MemoryTypes {
    return this.#context.memoryTypes;
  }

  /**
   * Changes the memory types of roles, for buffers that are created from now on. Device profiles use this.
   *
   * @throws EW_BAD_ARGUMENT for a type that cannot serve its role
   */
  setMemoryTypes(overrides: Partial<MemoryTypes>): void {
    this.#context.memoryTypes = chooseMemoryTypes(this.info, {
      ...this.#context.memoryTypes,
      ...memoryTypes(overrides),
    });
  }

  /** The number of live objects by kind. Fences that the device keeps for later work do not count. */
  get liveHandles(): Readonly<Record<HandleKind, number>> {
    const counts = HANDLE_KINDS.map((kind) => [kind, this.#context.live.get(kind)?.size ?? 0] as const);
    const live = Object.fromEntries(counts) as Record<HandleKind, number>;
    return { ...live, fence: Math.max(0, live.fence - this.#work.spareFenceCount) };
  }

  /** Whether the device was closed. */
  get isClosed(): boolean {
    return this.#context.closed;
  }

  /** Whether the device was lost or abandoned. Every later call that needs the device fails with EW_DEVICE_LOST. */
  get isLost(): boolean {
    return this.#context.isLost;
  }

  /** Whether `abandon` was called. */
  get isAbandoned(): boolean {
    return this.#context.isAbandoned;
  }

  /** Bytes that are free for buffers of a role, as reported by the driver. Without a report: the size of the heap. */
  freeBytes(role: MemoryRole): number {
    assertRole(role);
    this.#context.assertNotClosed();
    const heapIndex = this.info.memoryTypes[this.memoryTypes[role]]?.heapIndex ?? 0;
    return memoryBudget(this.#context.physical)[heapIndex] ?? 0;
  }

  /** Creates a buffer with a device address. @throws EW_OUT_OF_DEVICE_MEMORY, EW_BAD_ARGUMENT, EW_CLOSED */
  createBuffer(options: BufferOptions): DeviceBuffer {
    return new DeviceBuffer(this.#context, bufferOptions(options));
  }

  /** Compiles a kernel. @throws EW_BAD_ARGUMENT, EW_NO_ROOM, EW_VULKAN if the driver refuses the kernel, EW_CLOSED */
  createComputePipeline(options: ComputePipelineOptions): ComputePipeline {
    return new ComputePipeline(this.#context, pipelineOptions(options));
  }

  /**
   * Resolves when a pipeline can be made without waiting for running work. With a hardware driver that is at once. With
   * a software driver it is when the queue is idle.
   *
   * @throws EW_TIMEOUT, EW_DEVICE_LOST, EW_CLOSED
   */
  async pipelinesCanBeMade(options: TimeoutOptions = {}): Promise<void> {
    const { timeoutMs = RUN_TIMEOUT_MS } = timeoutOptions("pipelinesCanBeMade", options);
    const context = this.#context;
    const beginMs = nowMs();
    while (!context.canMakePipelines(0n) && !context.isHeldByStaying) {
      if (nowMs() - beginMs > timeoutMs) throw overdueError(this.info.name, timeoutMs);
      await sleep(1);
      context.assertOpen();
    }
  }

  /** Creates a pipeline cache: the driver's own store of compiled pipelines. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  createPipelineCache(initialData?: Uint8Array): PipelineCache {
    if (initialData !== undefined) assertInstance("initialData", initialData, Uint8Array, "a Uint8Array");
    return new PipelineCache(this.#context, initialData);
  }

  /** Creates a command buffer that the caller records. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  createCommandBuffer(options: CommandBufferOptions = {}): CommandBuffer {
    const { queue = this.queue, ...others } = commandBufferOptions(options);
    return new CommandBuffer(this.#context, queue, others);
  }

  /** Creates a command buffer and records it. */
  record(body: (recorder: Recorder) => void, options: CommandBufferOptions = {}): CommandBuffer {
    assertBody(body);
    const { queue = this.queue, ...others } = commandBufferOptions(options);
    return CommandBuffer.recorded(this.#context, queue, body, others);
  }

  /**
   * Leases a compute queue that nobody else uses, for a kernel that stays resident. Launches on one queue run one after
   * the other.
   *
   * @returns undefined if all queues are leased, or the device has only the queues named above
   */
  leaseComputeQueue(): QueueLease | undefined {
    this.#context.assertOpen();
    return this.#leases.take();
  }

  /**
   * Keeps the device open: `close` throws while something holds the device. Callers that keep reading mapped memory
   * need this.
   *
   * @param name the holder's name in the error of `close`
   * @returns a function that releases the device; a second call does nothing
   * @throws EW_CLOSED
   */
  hold(name: string): () => void {
    text("name", name);
    return this.#context.hold(name);
  }

  /** Creates a fence. It tells when one submission has ended. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  createFence(options: { signaled?: boolean } = {}): Fence {
    return new Fence(this.#context, fenceOptions(options));
  }

  /** Creates a timeline: a counter that submissions wait for and raise. @throws EW_BAD_ARGUMENT, EW_CLOSED */
  createTimeline(initialValue?: bigint): Timeline {
    if (
      initialValue !== undefined &&
      !(typeof initialValue === "bigint" && BigInt.asUintN(64, initialValue) === initialValue)
    )
      throw badArgument("initialValue", initialValue, "a bigint of 64 bits, 0n or more");
    return new Timeline(this.#context, initialValue);
  }

  /** Creates slots for times of the device's clock. @throws EW_BAD_ARGUMENT if the compute queue has no timestamps */
  createTimestamps(count: number): Timestamps {
    wholeNumber("count", count, 1, 0xffff_ffff);
    if (this.queue.timestampBits === 0) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `${this.info.name} takes no timestamps on its compute queue`,
        {
          remedy: "Measure on the host instead.",
        },
      );
    }
    return new Timestamps(this.#context, count);
  }

  /**
   * Records work, submits it, and waits for it. For one-time work.
   *
   * @throws EW_TIMEOUT if the work does not end in time. Its buffers may be disposed then; their memory stays allocated
   * until the work ends
   */
  run(body: (recorder: Recorder) => void, options: RunOptions = {}): void {
    const { queue = this.queue, timeoutMs = RUN_TIMEOUT_MS } = runOptions(options);
    assertBody(body);
    this.#work.run(queue, body, timeoutMs);
  }

  /**
   * Like `run`, without blocking the event loop. @throws as `run`; EW_DEVICE_LOST also if the device is lost meanwhile
   */
  async runAsync(body: (recorder: Recorder) => void, options: RunOptions = {}): Promise<void> {
    const { queue = this.queue, timeoutMs = RUN_TIMEOUT_MS } = runOptions(options);
    assertBody(body);
    const release = this.hold("work that is under way");
    try {
      await this.#work.runAsync(queue, body, timeoutMs);
    } finally {
      release();
    }
  }

  /**
   * Opens the same physical device again, with the same options and memory types, after this device was lost or
   * abandoned. All callers get the same new device. If the new device was lost too, callers get the newest one. Closing
   * this device closes the new one as well.
   *
   * @throws EW_BAD_ARGUMENT for a device that is not lost, EW_CLOSED, and the errors of `open`. After an error,
   * `replace` may be called again
   */
  replace(): Device {
    const context = this.#context;
    const successor = this.#successor;
    context.assertNotClosed();
    if (successor !== undefined) {
      return successor.isLost || successor.isClosed ? successor.replace() : successor;
    }
    if (!context.isLost) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `${this.info.name} is not lost and needs no replacement`, {
        remedy: "Continue with it. If a kernel on it cannot be ended, abandon it first.",
      });
    }
    const options = { ...this.#options, memoryTypes: this.memoryTypes };
    this.#successor = Device.#open(options, (devices) => findAgain(devices, this.info));
    return this.#successor;
  }

  /**
   * Gives up the device because a kernel on it does not end. From now on nothing on the device is destroyed, not even
   * by `dispose` or `close`. Mapped memory stays mapped, because the kernel may still write to it. The system frees the
   * memory when the process ends. The device counts as lost. Continue with `replace`.
   */
  abandon(): void {
    this.#context.abandon();
  }

  /**
   * Destroys all live objects, the device, and the device that replaced it. Stop resident kernels first. A second call
   * does nothing. A lost device is abandoned if something still runs on it after `timeoutMs`.
   *
   * If `close` throws, the device stays open.
   *
   * @throws EW_IN_USE while something holds the device, EW_TIMEOUT if work still runs after `timeoutMs`,
   * EW_BAD_ARGUMENT while a `waitAsync` has not returned
   */
  close(options: TimeoutOptions = {}): void {
    const { timeoutMs = CLOSE_TIMEOUT_MS } = timeoutOptions("close", options);
    const context = this.#context;
    if (context.closed || this.#isClosing) return;
    this.#assertNotHeld();
    this.#isClosing = true;
    try {
      this.#close(timeoutMs);
    } finally {
      this.#isClosing = false;
    }
  }

  #close(timeoutMs: number): void {
    const context = this.#context;
    this.#successor?.close({ timeoutMs });
    if (!context.isAbandoned) assertIdle(context, timeoutMs);
    if (context.isAbandoned) context.closed = true;
    else destroyDevice(context, this.#queues());
  }

  /** Like `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @throws EW_IN_USE */
  #assertNotHeld(): void {
    const { holders } = this.#context;
    if (holders.length === 0) return;
    throw heldError(this.info.name, holders);
  }

  #queues(): Set<Queue> {
    return new Set([this.queue, this.transferQueue, ...this.#leases.queues]);
  }
}
