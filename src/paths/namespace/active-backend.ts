/**
 * The active backend of a namespace, and its replacement after a failure.
 *
 *     device ──fails──▶ host              if the caller did not name a device
 *        └─────lost──▶ the same device, opened again     if the caller named a device
 *
 * Invariants: a request in flight on a failed backend is repeated on its replacement, so its caller only notices a
 * delay. The table in host memory is the truth: a change is in it before any backend sees it. A device is used only
 * when its copy equals the table.
 */
import { EverwarpError } from "../../base/index.ts";
import { type BackendChoice, mayContinueOnHost, openBackend } from "../../engine/index.ts";
import type { HostBackend } from "../host/index.ts";
import type { Backend, LookupOptions, PathLike, SingleLookup } from "../lookup/index.ts";
import type { PathTable } from "../table/index.ts";
import type { NamespaceInfo } from "./options.ts";

/** After a failed attempt to open a device again, the next attempt waits for this time. */
const REOPEN_PAUSE_MS = 1_000;

/** The parts of a backend that lookups need. */
export type Lookups = Pick<Backend, "lookup" | "lookupPaths">;

/** The device of a namespace, and how it runs. */
interface OpenDevice {
  readonly backend: Backend;
  readonly name: string;
  readonly strategy: string;
  readonly strategyReason: string;
}

/** Answers on the device or the host, and mirrors changes. */
export class ActiveBackend {
  readonly #table: PathTable;
  readonly #host: HostBackend;
  readonly #choice: BackendChoice;
  #device: OpenDevice | undefined;
  #fallbackReason: string | undefined;
  /** Settles when all failed devices are closed. */
  #ended: Promise<void> = Promise.resolve();
  #reopening: Promise<void> | undefined;
  #reopenFailedMs = -Infinity;
  #isClosed = false;

  private constructor(table: PathTable, host: HostBackend, choice: BackendChoice) {
    this.#table = table;
    this.#host = host;
    this.#choice = choice;
  }

  /** Opens the backend of a choice. @throws as `openBackend` of src/engine; EW_OUT_OF_DEVICE_MEMORY */
  static async open(table: PathTable, host: HostBackend, choice: BackendChoice): Promise<ActiveBackend> {
    const active = new ActiveBackend(table, host, choice);
    table.takeEdits(); // a device copies the whole image at first
    const { backend, fallbackReason } = await active.#open();
    active.#device = backend;
    active.#fallbackReason = fallbackReason;
    return active;
  }

  /** Information about the active backend. */
  get info(): NamespaceInfo {
    const device = this.#device;
    const fallbackReason = this.#fallbackReason;
    if (device !== undefined) {
      const { name, strategy, strategyReason } = device;
      return { kind: "device", device: name, strategy, strategyReason, fallbackReason };
    }
    const threads = this.#host.threadCount + 1;
    return {
      kind: "host",
      device: threads === 1 ? "1 thread" : `${threads} threads`,
      strategy: "threads",
      strategyReason: "the host looks up paths with worker threads",
      fallbackReason,
    };
  }

  /** Whether the host answers. */
  get isHost(): boolean {
    return this.#device === undefined;
  }

  /** Asks the backend, and its replacement if it fails. @throws the error of the last one */
  async ask(look: (backend: Lookups) => Promise<Int32Array>): Promise<Int32Array> {
    const device = this.#device;
    if (device === undefined) return look(this.#host);
    try {
      return await look(device.backend);
    } catch (error) {
      return look(await this.#replace(device, error));
    }
  }

  /** See `Backend.lookupSingle`. */
  lookupSingle(path: PathLike, options: LookupOptions): SingleLookup | undefined {
    return this.#device?.backend.lookupSingle?.(path, options);
  }

  /** Mirrors the changes of the table. Resolves when every later lookup sees them. */
  async mirror(): Promise<void> {
    // A device that is being opened takes all changes before it is used.
    if (this.#reopening !== undefined) return this.#reopening;
    const edits = this.#table.takeEdits();
    const device = this.#device;
    try {
      await device?.backend.apply(edits);
    } catch (error) {
      // The change is in the table already, so the replacement has it.
      await this.#replace(device, error);
    }
  }

  /** Fails lookups in flight with EW_CLOSED, and frees the device. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reopening?.catch(() => undefined); // its callers have got the error
    await this.#device?.backend.close();
    await this.#ended;
  }

  #open(): Promise<{ backend: OpenDevice | undefined; fallbackReason: string | undefined }> {
    return openBackend<OpenDevice | undefined>(this.#choice, {
      openHost: () => undefined,
      openDevice: async (request) => {
        const { DeviceBackend } = await import("../gpu/device-backend.ts");
        const backend = await DeviceBackend.open(this.#table, request);
        const { strategyName, strategyReason } = backend;
        return { backend, name: backend.device.info.name, strategy: strategyName, strategyReason };
      },
    });
  }

  /** @returns the replacement of a failed backend @throws `error` if there is none */
  async #replace(failed: OpenDevice | undefined, error: unknown): Promise<Lookups> {
    const isReplaced = failed !== this.#device;
    // Requests on a replaced device fail with EW_CLOSED, although nobody closed the namespace.
    const isLeftOver = isReplaced && error instanceof EverwarpError && error.code === "EW_CLOSED";
    if (!isLeftOver) {
      if (mayContinueOnHost(this.#choice, error)) {
        if (!isReplaced && failed !== undefined) this.#continueOnHost(failed, error);
      } else if (!this.#mayReopen(error)) throw error;
      else if (!isReplaced && failed !== undefined) await this.#reopen(failed, error);
    }
    return this.#device?.backend ?? this.#host;
  }

  #continueOnHost(failed: OpenDevice, { message }: EverwarpError): void {
    this.#device = undefined;
    this.#fallbackReason = message;
    this.#end(failed);
  }

  /** A lost device may be opened again, unless the caller owns it. */
  #mayReopen(error: unknown): error is EverwarpError {
    if (!(error instanceof EverwarpError) || error.code !== "EW_DEVICE_LOST") return false;
    if (this.#isClosed || typeof this.#choice.device === "object") return false;
    return performance.now() - this.#reopenFailedMs > REOPEN_PAUSE_MS;
  }

  /** @throws `error` if the device cannot be opened again */
  #reopen(failed: OpenDevice, error: EverwarpError): Promise<void> {
    return (this.#reopening ??= this.#openAgain(failed).then(
      () => undefined,
      () => {
        this.#reopening = undefined;
        this.#reopenFailedMs = performance.now();
        throw error;
      },
    ));
  }

  async #openAgain(failed: OpenDevice): Promise<void> {
    this.#end(failed);
    await this.#ended; // the new device needs the memory of the old one
    this.#table.takeEdits();
    const { backend } = await this.#open();
    try {
      do await backend?.backend.apply(this.#table.takeEdits());
      while (this.#table.hasEdits);
    } catch (error) {
      await backend?.backend.close().catch(() => undefined); // report only the first error
      throw error;
    }
    // There was no await since the last check for edits. From now on, changes go to this device.
    this.#device = backend;
    this.#reopening = undefined;
  }

  /** Closes a failed device. Its errors are known already. */
  #end(failed: OpenDevice): void {
    const ended = failed.backend.close().catch(() => undefined);
    this.#ended = this.#ended.then(() => ended);
  }
}
