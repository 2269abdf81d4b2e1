/**
 * Gathers single lookups into batches of a suitable size.
 *
 *   idle ──lookup──▶ sent at once, alone          in flight ──lookup──▶ gathered ──▶ sent when a batch returns,
 *                                                                       it is full, or its oldest call is too old
 *
 * Invariants: a call on an idle batcher waits for nothing. Calls that arrive while batches are in flight form the next
 * batch. So batches grow and shrink with the load. Every call is answered once, in whatever order the batches return. A
 * failed batch fails only its own calls.
 */
import { EverwarpError, MAX_TIMER_MS, milliseconds, wholeNumber } from "../../base/index.ts";
import { CALLER_DONE } from "../../engine/index.ts";
import type { SingleLookup } from "./contracts.ts";
import { assertPath, type PathLike, pathBytes } from "./pack.ts";
import { errnoCode, PathError } from "./path-error.ts";

/** Limits of a batcher. */
export interface BatcherOptions {
  /** Maximum number of paths in one batch. Default: 4,096. */
  readonly maxBatchSize?: number;
  /** How long a call waits for others while batches are in flight, in milliseconds. Default: 1. */
  readonly lingerMs?: number;
}

/** Sends a batch: inodes or −errno, in order. */
export type SendBatch = (paths: readonly PathLike[]) => Promise<Int32Array>;

/** Sends one path in the fastest way; undefined if that is impossible now. */
export type SendSingle = (path: PathLike) => SingleLookup | undefined;

interface Call {
  readonly resolve: (inode: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers single lookups and sends them together. */
export class PathBatcher implements AsyncDisposable {
  readonly #send: SendBatch;
  readonly #sendSingle: SendSingle | undefined;
  readonly #maxBatchSize: number;
  readonly #lingerMs: number;
  #paths: PathLike[] = [];
  #calls: Call[] = [];
  #inFlightCount = 0;
  /** Callers that wait for the end of any batch. */
  #watchers: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @throws EW_BAD_ARGUMENT */
  constructor(
    send: SendBatch,
    { maxBatchSize = 4096, lingerMs = 1 }: BatcherOptions = {},
    sendSingle?: SendSingle,
  ) {
    this.#send = send;
    this.#sendSingle = sendSingle;
    this.#maxBatchSize = wholeNumber("maxBatchSize", maxBatchSize, 1, Number.MAX_SAFE_INTEGER);
    this.#lingerMs = Math.min(milliseconds("lingerMs", lingerMs), MAX_TIMER_MS);
  }

  /** Number of calls that wait to be sent. */
  get waitingCount(): number {
    return this.#calls.length;
  }

  /** Number of batches that were sent and have not returned. */
  get inFlightCount(): number {
    return this.#inFlightCount;
  }

  /**
   * Looks up one path.
   * @returns its inode
   * @throws PathError; the error of the batch; EW_CLOSED, EW_BAD_ARGUMENT
   */
  lookup(path: PathLike): Promise<number> {
    if (typeof path !== "string") {
      // Check the path here, because in a batch it would fail the whole batch.
      const error = pathFault(path);
      if (error !== undefined) return Promise.reject(error);
    }
    if (this.#isClosed)
      return Promise.reject(
        new EverwarpError("EW_CLOSED", "the batcher was closed", { remedy: "Make a new one." }),
      );
    return this.#inFlightCount === 0 && this.#sendSingle !== undefined
      ? this.#lookupSingle(path, this.#sendSingle)
      : this.#gather(path);
  }

  /** Sends waiting calls. Resolves when everything was answered. */
  async flush(): Promise<void> {
    while (this.#calls.length > 0 || this.#inFlightCount > 0) {
      this.#flush();
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Waits for all answers. Later lookups fail with EW_CLOSED. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  /** Closes the batcher. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Handles the first call on an idle batcher. */
  async #lookupSingle(path: PathLike, send: SendSingle): Promise<number> {
    const single = send(path);
    if (single === undefined) return this.#gather(path);
    this.#inFlightCount++;
    try {
      // Meanwhile the other lookups of the caller's synchronous code are gathered.
      await CALLER_DONE;
      let inode: number;
      try {
        inode = single.wait() ?? (await single.answer());
      } catch {
        // A batch then fails for the same reason, or uses another backend.
        inode = (await this.#send([path]))[0];
      }
      if (inode >= 0) return inode;
      throw lookupError(inode, path);
    } finally {
      this.#end();
    }
  }

  #gather(path: PathLike): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#paths.push(path);
      this.#calls.push({ resolve, reject });
      if (this.#inFlightCount === 0 || this.#calls.length >= this.#maxBatchSize) this.#flush();
      else if (this.#calls.length === 1) this.#timer = setTimeout(() => this.#flush(), this.#lingerMs);
    });
  }

  #flush(): void {
    if (this.#calls.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const paths = this.#paths;
    const calls = this.#calls;
    this.#paths = [];
    this.#calls = [];
    this.#inFlightCount++;
    void this.#answer(paths, calls);
  }

  /** Handles the return of a batch: the calls that were gathered meanwhile are next. */
  #end(): void {
    this.#inFlightCount--;
    this.#flush();
    if (this.#watchers.length === 0) return;
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  async #answer(paths: readonly PathLike[], calls: readonly Call[]): Promise<void> {
    let inodes: Int32Array;
    try {
      inodes = await this.#send(paths);
    } catch (error) {
      for (const { reject } of calls) reject(error);
      this.#end();
      return;
    }
    for (const [index, { resolve, reject }] of calls.entries()) {
      const inode = inodes[index];
      if (inode >= 0) resolve(inode);
      else reject(lookupError(inode, paths[index]!));
    }
    this.#end();
  }
}

/** The error for a value that is no path; undefined for a path. */
function pathFault(path: unknown): unknown {
  try {
    assertPath("path", path);
    return undefined;
  } catch (error) {
    return error;
  }
}

const decoder = new TextDecoder();

/** The error of a failed lookup. @param errno negative */
export function lookupError(errno: number, path: PathLike): PathError {
  return new PathError(
    errnoCode(errno),
    "lookup",
    typeof path === "string" ? path : decoder.decode(pathBytes(path)),
  );
}
