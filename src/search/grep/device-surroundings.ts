/** What a one-shot search on a device needs of the program around it. Types only. */

/** Stops a kernel when the process is told to end. */
export interface KernelGuard {
  /** From now on there is a kernel to stop. */
  guard(kernel: { close(): Promise<void> }): void;
  /** Set when the process was told to end; resolves long after it should be gone. */
  readonly ending: Promise<void> | undefined;
  /** The kernel is gone. */
  release(): void;
}

/** What a search on a device needs of the program around it. */
export interface DeviceHitsSurroundings {
  /** Begins to listen for signals. */
  guardKernel(): KernelGuard;
  /** Shows that something takes a while. */
  withProgress<T>(text: string, work: Promise<T>): Promise<T>;
  /** A device was not named, and the host searches for this reason. */
  usesHost(reason: string): void;
  /** A device counts as the quicker way wherever it has something to look for. For tests. */
  readonly alwaysPays?: boolean;
}
