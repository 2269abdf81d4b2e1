/**
 * Stores behind the store on disk: a folder that several machines share, an HTTP server, or anything that can get and
 * put bytes.
 *
 *   request ──▶ memory ──▶ disk ──▶ SecondLevel ──▶ a store
 *                                     │ timeout, checks, rest
 *
 * A compiled program goes the other way, in the background.
 *
 * Invariants of `SecondLevel`, whatever the store does:
 * - `get` never throws, and never takes longer than its timeout. After a timeout, or several failures in a row, the
 *   store rests: it is not asked for a while. So a dead store does not cost the timeout for every program.
 * - The result of `get` is an entry, checked like a file from disk, and it is the requested entry. With a secret,
 *   someone who knows the secret has put it there. Without a secret, everyone who can write to the store can run
 *   programs on the GPUs of everyone who reads it.
 * - `put` never delays a caller. It keeps an otherwise finished process alive for at most `putsTimeoutMs`.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import {
  badArgument,
  boolean,
  duration,
  type OptionChecks,
  readOptions,
  text,
  whole,
} from "../../base/index.ts";
import { decodeEntry, type Entry, ENTRY_ID } from "../entries/index.ts";

/** What a call of a store is told. */
export interface StoreCallOptions {
  /** Aborts when nobody waits for the call any more. */
  readonly signal: AbortSignal;
}

/** A store. It may fail, hang, or give wrong answers. */
export interface SecondLevelStore {
  /** The name in messages. Must not contain secrets. */
  readonly name: string;
  /**
   * @param id matches ENTRY_ID
   * @returns undefined if the store does not have the entry
   */
  get(id: string, options: StoreCallOptions): Promise<Uint8Array | undefined>;
  /** Stores an entry. @param id matches ENTRY_ID */
  put(id: string, bytes: Uint8Array, options: StoreCallOptions): Promise<void>;
}

/** Timeouts, rests and trust of a second-level store. */
export interface SecondLevelOptions {
  /** Timeout of a `get` in milliseconds; 1000 if not given. */
  readonly getTimeoutMs?: number | undefined;
  /** Timeout of a `put` in milliseconds; 2000 if not given. */
  readonly putTimeoutMs?: number | undefined;
  /** Time limit for consecutive puts together, in milliseconds; 5000 if not given. Later puts are lost. */
  readonly putsTimeoutMs?: number | undefined;
  /** Failures in a row after which the store rests; 3 if not given. A timeout lets the store rest at once. */
  readonly maxFailures?: number | undefined;
  /** Duration of a rest in milliseconds; 30000 if not given. */
  readonly restMs?: number | undefined;
  /** Signs entries with HMAC-SHA256, and refuses entries without a valid signature. */
  readonly secret?: string | undefined;
  /** If true, nothing is put into the store. */
  readonly isReadOnly?: boolean | undefined;
}

const SECOND_LEVEL_OPTIONS: OptionChecks<SecondLevelOptions> = {
  getTimeoutMs: duration,
  putTimeoutMs: duration,
  putsTimeoutMs: duration,
  maxFailures: whole(1),
  restMs: duration,
  secret: text,
  isReadOnly: boolean,
};

/** Options of `SecondLevel.close`. */
export interface SecondLevelCloseOptions {
  /** How long to wait for the puts, in milliseconds; 2000 if not given. */
  readonly timeoutMs?: number | undefined;
}

const CLOSE_OPTIONS: OptionChecks<SecondLevelCloseOptions> = { timeoutMs: duration };

/** Counts of what the store did for this process. */
export interface SecondLevelStats {
  hits: number;
  absent: number;
  timeouts: number;
  failures: number;
  /** Answers that were no entry, another entry, or not signed. */
  refused: number;
  /** How often the store was not asked because it was resting. */
  rested: number;
  puts: number;
  /** Puts that failed, and puts for which the queue was full. */
  putsLost: number;
  /** The last failure, as text. */
  lastTrouble: string | undefined;
}

/** Maximum number of waiting puts; further puts are lost. */
const PUTS_WAITING_MAX = 256;
const SIGNATURE_BYTES = 32;

/** A store with timeouts, checks and rests around it. */
export class SecondLevel implements AsyncDisposable {
  readonly #stats: SecondLevelStats = {
    hits: 0,
    absent: 0,
    timeouts: 0,
    failures: 0,
    refused: 0,
    rested: 0,
    puts: 0,
    putsLost: 0,
    lastTrouble: undefined,
  };
  readonly #store: SecondLevelStore;
  readonly #options: SecondLevelOptions;
  #failuresInRow = 0;
  #restUntilMs = -Infinity;
  #waitingPuts = 0;
  /** The deadline of the puts that are waiting now. */
  #putsEndMs = 0;
  /** The puts run one after the other, so that a starting process does not flood the store. */
  #puts: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(store: SecondLevelStore, options: SecondLevelOptions = {}) {
    if (typeof store !== "object" || store === null)
      throw badArgument("store", store, "a store with get() and put()");
    this.#store = store;
    this.#options = readOptions("the options of SecondLevel", options, SECOND_LEVEL_OPTIONS);
  }

  /** The name of the store in messages. */
  get name(): string {
    return this.#store.name;
  }

  /** Counts of what the store did so far. */
  stats(): Readonly<SecondLevelStats> {
    return { ...this.#stats };
  }

  /**
   * @internal
   * @returns the entry, and its bytes for the store on disk; undefined if the store cannot provide it
   */
  async get(id: string): Promise<{ entry: Entry; bytes: Uint8Array } | undefined> {
    if (!ENTRY_ID.test(id)) return undefined;
    if (this.#isResting()) {
      this.#stats.rested++;
      return undefined;
    }
    let answer: Uint8Array | undefined;
    try {
      answer = await withinTime(this.#options.getTimeoutMs ?? 1000, this.#closing.signal, (signal) =>
        this.#store.get(id, { signal }),
      );
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
    if (answer === undefined) {
      this.#stats.absent++;
      this.#failuresInRow = 0;
      return undefined;
    }
    const checked = this.#check(id, answer);
    if (typeof checked === "string") {
      this.#stats.refused++;
      this.#note(`${id}: ${checked}`);
      return undefined;
    }
    this.#stats.hits++;
    this.#failuresInRow = 0;
    return checked;
  }

  /** @internal Puts an entry in the background. @param bytes the result of `encodeEntry` */
  put(id: string, bytes: Uint8Array): void {
    if (this.#options.isReadOnly === true || !ENTRY_ID.test(id)) return;
    if (this.#waitingPuts >= PUTS_WAITING_MAX) {
      this.#stats.putsLost++;
      return;
    }
    if (this.#waitingPuts++ === 0)
      this.#putsEndMs = performance.now() + (this.#options.putsTimeoutMs ?? 5000);
    const { secret } = this.#options;
    const signed = secret === undefined ? bytes : Buffer.concat([bytes, signatureOf(secret, id, bytes)]);
    this.#puts = this.#puts.then(() => this.#put(id, signed));
  }

  /** Waits for all puts. Puts that are left when the time is over are lost. @throws EW_BAD_ARGUMENT */
  async close(options: SecondLevelCloseOptions = {}): Promise<void> {
    const { timeoutMs = 2000 } = readOptions("the options of close", options, CLOSE_OPTIONS);
    // The timer aborts the running put, which then ends at once.
    const timer = setTimeout(() => this.#closing.abort(new Error("the cache was closed")), timeoutMs);
    await this.#puts;
    clearTimeout(timer);
    this.#closing.abort(new Error("the cache was closed"));
  }

  /** Closes the second level. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #put(id: string, bytes: Uint8Array): Promise<void> {
    const leftMs = this.#putsEndMs - performance.now();
    try {
      if (this.#closing.signal.aborted || this.#isResting() || leftMs <= 0) {
        this.#stats.putsLost++;
        return;
      }
      const timeoutMs = Math.min(this.#options.putTimeoutMs ?? 2000, leftMs);
      await withinTime(timeoutMs, this.#closing.signal, (signal) => this.#store.put(id, bytes, { signal }));
      this.#stats.puts++;
      this.#failuresInRow = 0;
    } catch (error) {
      this.#stats.putsLost++;
      this.#failed(error);
    } finally {
      this.#waitingPuts--;
    }
  }

  /** @returns the entry, or what is wrong with the bytes */
  #check(id: string, answer: Uint8Array): { entry: Entry; bytes: Uint8Array } | string {
    const { secret } = this.#options;
    let bytes = answer;
    if (secret !== undefined) {
      bytes = answer.subarray(0, Math.max(0, answer.length - SIGNATURE_BYTES));
      const signature = answer.subarray(bytes.length);
      const own = signatureOf(secret, id, bytes);
      if (signature.length !== own.length || !timingSafeEqual(signature, own))
        return "it is not signed with the secret";
    }
    const decoded = decodeEntry(bytes, id);
    return decoded.ok ? { entry: decoded.entry, bytes } : decoded.reason;
  }

  #isResting(): boolean {
    return performance.now() < this.#restUntilMs;
  }

  #failed(error: unknown): void {
    const isTimeOver = error instanceof TimeOver;
    if (isTimeOver) this.#stats.timeouts++;
    else this.#stats.failures++;
    this.#note(reasonOf(error), isTimeOver);
  }

  /** @param isSerious whether a single such failure lets the store rest, because the next caller would wait as long */
  #note(trouble: string, isSerious = false): void {
    this.#stats.lastTrouble = `${this.name}: ${trouble}`;
    if (++this.#failuresInRow < (this.#options.maxFailures ?? 3) && !isSerious) return;
    this.#failuresInRow = 0;
    this.#restUntilMs = performance.now() + (this.#options.restMs ?? 30_000);
  }
}

class TimeOver extends Error {}

/** Runs an operation with a time limit. The limit holds even if the operation ignores its signal. */
async function withinTime<T>(
  timeoutMs: number,
  closing: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let end = (reason: Error): void => stop.abort(reason);
  const over = new Promise<never>((_resolve, reject) => {
    end = (reason) => {
      reject(reason);
      stop.abort(reason);
    };
  });
  const timer = setTimeout(
    () => end(new TimeOver(`no answer within ${Math.round(timeoutMs)} ms`)),
    timeoutMs,
  );
  const onClose = (): void => end(closing.reason as Error);
  closing.addEventListener("abort", onClose, { once: true });
  try {
    return await Promise.race([over, body(stop.signal)]);
  } finally {
    clearTimeout(timer);
    closing.removeEventListener("abort", onClose);
  }
}

/** Signs the id together with the bytes, so that no entry can replace another one. */
function signatureOf(secret: string, id: string, bytes: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(id).update("\0").update(bytes).digest();
}

/** An error and its cause. "fetch failed" alone says nothing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== ""
    ? `${error.message}: ${cause.message}`
    : error.message;
}
