/**
 * One Vulkan object of a device. All access to its handle goes through this class.
 *
 * Invariants: the handle is available only while the object and its device are open. So no Vulkan call is ever made
 * with a destroyed handle; later access throws EW_CLOSED. The device destroys disposed objects, because only the device
 * knows whether work may still be using them (context.ts).
 */

import { EverwarpError } from "../../base/index.ts";
import type { DeviceContext, HandleKind } from "./context.ts";
import type { CoreCommands } from "../generated/index.ts";

const NAMES: Readonly<Record<HandleKind, string>> = {
  buffer: "a buffer",
  pipeline: "a pipeline",
  pipelineCache: "a pipeline cache",
  commandBuffer: "a command buffer",
  fence: "a fence",
  timeline: "a timeline",
  timestamps: "a set of timestamps",
};

/** A command buffer, from the viewpoint of the objects in its recording. */
export interface Recording {
  /** Called when an object of the recording is disposed. If a submission is still running, disposed objects stay. */
  giveUp(): void;
}

/** One Vulkan object of a device. */
export abstract class DeviceObject implements Disposable {
  protected readonly context: DeviceContext;
  readonly #kind: HandleKind;
  #handle = 0n;
  #isDisposed = false;
  /** Recordings that use this object. */
  readonly #recordings = new Set<Recording>();

  /** @throws EW_CLOSED after the device was closed, EW_DEVICE_LOST after it was abandoned */
  protected constructor(context: DeviceContext, kind: HandleKind) {
    context.assertOpen();
    this.context = context;
    this.#kind = kind;
  }

  /** The Vulkan handle. @throws EW_CLOSED after the object was disposed, or its device closed */
  get handle(): bigint {
    if (this.#isDisposed) this.assertAlive();
    return this.#handle;
  }

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** @throws EW_CLOSED after the object was disposed, or its device closed */
  assertAlive(): void {
    this.context.assertNotClosed();
    if (!this.#isDisposed) return;
    throw new EverwarpError("EW_CLOSED", `${this.describe()} was used after it was disposed`, {
      remedy: "Dispose it only when nothing uses it any more.",
    });
  }

  /** Destroys the object as soon as no work on the device may be using it. A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.prepareDispose();
    for (const recording of this.#recordings) recording.giveUp();
    this.#recordings.clear();
    const handle = this.#handle;
    this.#isDisposed = true;
    this.context.release(this.#kind, this, (commands, device) => this.destroy(commands, device, handle));
  }

  /** Notes that a recording uses this object. @throws EW_CLOSED as `handle` */
  enterRecording(recording: Recording): void {
    this.assertAlive();
    this.#recordings.add(recording);
  }

  /** Notes that a recording which used this object is gone. */
  leaveRecording(recording: Recording): void {
    this.#recordings.delete(recording);
  }

  /** Takes the new handle. The object is alive from now on. */
  protected adopt(handle: bigint): void {
    this.#handle = handle;
    this.context.track(this.#kind, this);
  }

  /** The object's name in messages. */
  protected describe(): string {
    return NAMES[this.#kind];
  }

  /** Runs before disposal, while the handle is still available. May throw to refuse the disposal. */
  protected prepareDispose(): void {
    // Most objects need no preparation.
  }

  /** Makes the Vulkan calls that destroy the object. */
  protected abstract destroy(commands: CoreCommands, device: bigint, handle: bigint): void;
}
