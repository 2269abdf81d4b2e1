/**
 * The backend that answers now, and what replaces it when it fails.
 *
 *     device ──fails──▶ host              if the device was left to us to choose
 *        └─────lost──▶ the same device, opened again     if a device was named
 *
 * Invariants: a request in flight on a backend that is replaced is asked again of its replacement, so its caller
 * notices nothing but the time. The table in host memory is the truth: a change is in it before any backend sees it. A
 * device is used only when its copy equals the table.
 */
import { EverwarpError } from "../../base/index.ts";
import { type BackendChoice, mayContinueOnHost, openBackend } from "../../engine/index.ts";
import type { HostBackend } from "../host/index.ts";
import type { Backend, LookupOptions, PathLike, SingleLookup } from "../lookup/index.ts";
import type { PathTable } from "../table/index.ts";
import type { NamespaceInfo } from "./options.ts";

/** A device that could not be opened again is not tried for this long. */
const REOPEN_PAUSE_MS = 1_000;

/** What a lookup needs of a backend. */
export type Lookups = Pick<Backend, "lookup" | "lookupPaths">;

/** A device of a namespace, and how it runs. */
interface OpenDevice {
  readonly backend: Backend;
  readonly name: string;
  readonly strategy: string;
  readonly strategyReason: string;
}

/** Answers with the device or the host, and mirrors changes. */
export class ActiveBackend {
  readonly #table: PathTable;
  readonly #host: HostBackend;
  readonly #choice: BackendChoice;
  #device: OpenDevice | undefined;
  #fallbackReason: string | undefined;
  /** Ends of devices that failed. */
  #ended: Promise<void> = Promise.resolve();
  #reopening: Promise<void> | undefined;
  #reopenFailedMs = -Infinity;
  #isClosed = false;

  private constructor(table: PathTable, host: HostBackend, choice: BackendChoice) {
    this.#table = table;
    this.#host = host;
    this.#choice = choice;
  }

  /** Opens what the choice says. @throws as `openBackend` of src/engine; EW_OUT_OF_DEVICE_MEMORY */
  static async open(table: PathTable, host: HostBackend, choice: BackendChoice): Promise<ActiveBackend> {
    const active = new ActiveBackend(table, host, choice);
    table.takeEdits(); // a device takes the whole image
    const { backend, fallbackReason } = await active.#open();
    active.#device = backend;
    active.#fallbackReason = fallbackReason;
    return active;
  }

  /** What answers now. */
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
      strategyReason: "the host looks paths up with threads that stay",
      fallbackReason,
    };
  }

  /** Does the host answer? */
  get isHost(): boolean {
    return this.#device === undefined;
  }

  /** Asks the backend, and its replacement if it fails. @throws what the last of them fails with */
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

  /** Mirrors what changed in the table. Resolves when every later lookup sees it. */
  async mirror(): Promise<void> {
    // A device that is being opened takes all changes before it is used.
    if (this.#reopening !== undefined) return this.#reopening;
    const edits = this.#table.takeEdits();
    const device = this.#device;
    try {
      await device?.backend.apply(edits);
    } catch (error) {
      // The change is in the table already: the replacement has it.
      await this.#replace(device, error);
    }
  }

  /** Ends what is in flight with EW_CLOSED, and frees the device. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reopening?.catch(() => undefined); // its callers have been told
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

  /** @returns who answers in the place of a backend that failed @throws `error`, if nobody does */
  async #replace(failed: OpenDevice | undefined, error: unknown): Promise<Lookups> {
    const isReplaced = failed !== this.#device;
    // What was in flight on a device that was replaced ends with EW_CLOSED, although nobody closed the namespace.
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

  /** A device that was lost is opened again, unless it is the caller's own. */
  #mayReopen(error: unknown): error is EverwarpError {
    if (!(error instanceof EverwarpError) || error.code !== "EW_DEVICE_LOST") return false;
    if (this.#isClosed || typeof this.#choice.device === "object") return false;
    return performance.now() - this.#reopenFailedMs > REOPEN_PAUSE_MS;
  }

  /** @throws `error`, if the device cannot be opened again */
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
    await this.#ended; // its memory is needed
    this.#table.takeEdits();
    const { backend } = await this.#open();
    try {
      do await backend?.backend.apply(this.#table.takeEdits());
      while (this.#table.hasEdits);
    } catch (error) {
      await backend?.backend.close().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
    // Without a pause since the last look at the edits: from now on changes go to this device.
    this.#device = backend;
    this.#reopening = undefined;
  }

  /** Closes a device that failed: what its end fails with is known. */
  #end(failed: OpenDevice): void {
    const ended = failed.backend.close().catch(() => undefined);
    this.#ended = this.#ended.then(() => ended);
  }
}
