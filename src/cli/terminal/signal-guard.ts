/** Signals that end the process, while a kernel runs on a device. */
import { setTimeout as sleep } from "node:timers/promises";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** How long the kernel has to stop when the user interrupts. */
const STOP_TIMEOUT_MS = 2_000;

/** Something that runs until it is closed. */
interface Kernel {
  close(): Promise<void>;
}

/** While a device is open, a signal first stops the kernel and then ends the process as it would have without us. */
export class SignalGuard {
  /** Set with the first signal; resolves long after the process should be gone. */
  ending: Promise<void> | undefined;
  #kernel: Kernel | undefined;
  #received: NodeJS.Signals | undefined;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#received ??= signal;
    // A device that is being opened has no kernel yet that could be stopped.
    if (this.#kernel !== undefined) this.ending ??= this.#end(this.#kernel, this.#received);
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** From now on there is a kernel to stop. */
  guard(kernel: Kernel): void {
    this.#kernel = kernel;
    if (this.#received !== undefined) this.ending ??= this.#end(kernel, this.#received);
  }

  /** The kernel is gone: signals do what they did before. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    // It came while there was nothing to stop.
    if (this.#received !== undefined && this.ending === undefined) process.kill(process.pid, this.#received);
  }

  async #end(kernel: Kernel, signal: NodeJS.Signals): Promise<void> {
    try {
      await Promise.race([kernel.close(), sleep(STOP_TIMEOUT_MS)]);
    } finally {
      for (const each of SIGNALS) process.off(each, this.#onSignal);
      process.kill(process.pid, signal);
    }
    await sleep(STOP_TIMEOUT_MS);
  }
}
