/**
 * One Vulkan object of a device, and the only way to its handle.
 *
 * Invariants: the handle is given out only while the object and its device are open, so no Vulkan call is ever made
 * with a handle that was destroyed: whoever comes too late gets EW_CLOSED. What is disposed is destroyed by its device,
 * which knows whether something may still be using it (context.ts).
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

/** A command buffer, as those see it that are named in its recording. */
export interface Recording {
  /** Where a submission of it has not ended: what is disposed from now on stays until it has. */
  giveUp(): void;
}

/** One Vulkan object of a device. */
export abstract class DeviceObject implements Disposable {
  protected readonly context: DeviceContext;
  readonly #kind: HandleKind;
  #handle = 0n;
  #isDisposed = false;
  /** Recordings that name it. */
  readonly #recordings = new Set<Recording>();

  /** @throws EW_CLOSED after the device was closed, EW_DEVICE_LOST after it was abandoned */
  protected constructor(context: DeviceContext, kind: HandleKind) {
    context.assertOpen();
    this.context = context;
    this.#kind = kind;
  }

  /** What Vulkan knows it by. @throws EW_CLOSED after it was disposed, or its device closed */
  get handle(): bigint {
    if (this.#isDisposed) this.assertAlive();
    return this.#handle;
  }

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** @throws EW_CLOSED after it was disposed, or its device closed */
  assertAlive(): void {
    this.context.assertNotClosed();
    if (!this.#isDisposed) return;
    throw new EverwarpError("EW_CLOSED", `${this.describe()} was used after it was disposed`, {
      remedy: "Keep it until nothing uses it any more.",
    });
  }

  /** Destroys it as soon as nothing on the device may be using it. A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.prepareDispose();
    for (const recording of this.#recordings) recording.giveUp();
    this.#recordings.clear();
    const handle = this.#handle;
    this.#isDisposed = true;
    this.context.release(this.#kind, this, (commands, device) => this.destroy(commands, device, handle));
  }

  /** A recording names it. @throws EW_CLOSED as `handle` */
  enterRecording(recording: Recording): void {
    this.assertAlive();
    this.#recordings.add(recording);
  }

  /** A recording that named it is gone. */
  leaveRecording(recording: Recording): void {
    this.#recordings.delete(recording);
  }

  /** The object was made: from now on it is alive. */
  protected adopt(handle: bigint): void {
    this.#handle = handle;
    this.context.track(this.#kind, this);
  }

  /** What messages call it. */
  protected describe(): string {
    return NAMES[this.#kind];
  }

  /** Comes before the end, while the handle is still given out. May refuse by throwing. */
  protected prepareDispose(): void {
    // Most have nothing to do.
  }

  /** Makes the Vulkan calls that destroy it. */
  protected abstract destroy(commands: CoreCommands, device: bigint, handle: bigint): void;
}
