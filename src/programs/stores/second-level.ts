/**
 * Stores behind the one on disk: a folder that several machines share, an HTTP server, or whatever else can get and put
 * bytes.
 *
 *   request ──▶ memory ──▶ disk ──▶ SecondLevel ──▶ a store
 *                                     │ timeout, checks, rest
 *
 * A compiled program goes the other way, in the background.
 *
 * Invariants of `SecondLevel`, whatever the store does:
 * - `get` never throws and never lasts longer than its timeout; a store that did not answer in time, or failed several
 *   times in a row, is left alone for a while, so that one that is dead does not cost the timeout again with every
 *   program.
 * - Bytes that come out are an entry, checked like a file from disk, and the one that was asked for. With a secret they
 *   were also put in by someone who knows it: without one, whoever can write to the store can have programs run on the
 *   GPUs of all who read it.
 * - `put` never keeps anybody waiting, and a process that has nothing else to do is kept for its puts no longer than
 *   `putsTimeoutMs`.
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

/** What a store must be able to do. It may fail, hang and lie. */
export interface SecondLevelStore {
  /** What messages call it. Nothing secret. */
  readonly name: string;
  /**
   * @param id of the form ENTRY_ID
   * @returns undefined for what it does not have
   */
  get(id: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Keeps an entry. @param id of the form ENTRY_ID */
  put(id: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** How long a store may take, when it is left alone, and whom it is believed. */
export interface SecondLevelOptions {
  /** How long a `get` may last; 1000 if not given. */
  readonly getTimeoutMs?: number | undefined;
  /** How long a `put` may last, in the background; 2000 if not given. */
  readonly putTimeoutMs?: number | undefined;
  /** How long puts that follow one another may last together; 5000 if not given. What is left then is lost. */
  readonly putsTimeoutMs?: number | undefined;
  /**
   * Failures in a row after which the store is left alone; 3 if not given. One that is out of time counts for all of
   * them.
   */
  readonly maxFailures?: number | undefined;
  /** For how long; 30000 if not given. */
  readonly restMs?: number | undefined;
  /** Signs what is put (HMAC-SHA256) and refuses what is not signed with it. */
  readonly secret?: string | undefined;
  /** Only ever reads. */
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

/** What the store did for this process. */
export interface SecondLevelStats {
  hits: number;
  absent: number;
  timeouts: number;
  failures: number;
  /** Answers that were no entry, another entry, or not signed. */
  refused: number;
  /** Times that it was not asked, because it is being left alone. */
  rested: number;
  puts: number;
  /** Those that failed, and those that there was no room for. */
  putsLost: number;
  /** The last failure in words. */
  lastTrouble: string | undefined;
}

/** Puts that may be pending; a further put is lost. */
const PUTS_WAITING_MAX = 256;
const SIGNATURE_BYTES = 32;

/** A store, made safe to ask. */
export class SecondLevel {
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
  /** When the puts that wait now must be over. */
  #putsEndMs = 0;
  /** The puts, one after the other: a store is not to be stormed by every process that starts. */
  #puts: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(store: SecondLevelStore, options: SecondLevelOptions = {}) {
    if (typeof store !== "object" || store === null)
      throw badArgument("store", store, "a store with get() and put()");
    this.#store = store;
    this.#options = readOptions("the options of SecondLevel", options, SECOND_LEVEL_OPTIONS);
  }

  /** What messages call the store. */
  get name(): string {
    return this.#store.name;
  }

  /** What the store did for this process so far. */
  stats(): Readonly<SecondLevelStats> {
    return { ...this.#stats };
  }

  /**
   * @internal
   * @returns the entry and its bytes as they may be published on disk; undefined when it cannot be had from there, for
   * whatever reason
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
        this.#store.get(id, signal),
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

  /** @internal Hands an entry on, in the background. @param bytes what `encodeEntry` gave */
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

  /** Waits until everything is put, and no longer than that many milliseconds; what is left then is lost. */
  async close(timeoutMs = 2000): Promise<void> {
    // What the time runs out for is aborted, and then ends at once.
    const timer = setTimeout(() => this.#closing.abort(new Error("the cache was closed")), timeoutMs);
    await this.#puts;
    clearTimeout(timer);
    this.#closing.abort(new Error("the cache was closed"));
  }

  async #put(id: string, bytes: Uint8Array): Promise<void> {
    const leftMs = this.#putsEndMs - performance.now();
    try {
      if (this.#closing.signal.aborted || this.#isResting() || leftMs <= 0) {
        this.#stats.putsLost++;
        return;
      }
      const timeoutMs = Math.min(this.#options.putTimeoutMs ?? 2000, leftMs);
      await withinTime(timeoutMs, this.#closing.signal, (signal) => this.#store.put(id, bytes, signal));
      this.#stats.puts++;
      this.#failuresInRow = 0;
    } catch (error) {
      this.#stats.putsLost++;
      this.#failed(error);
    } finally {
      this.#waitingPuts--;
    }
  }

  /** @returns what is wrong with the bytes, when something is */
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

  /** @param isSerious enough to leave the store alone at once: whoever asks it next would wait as long */
  #note(trouble: string, isSerious = false): void {
    this.#stats.lastTrouble = `${this.name}: ${trouble}`;
    if (++this.#failuresInRow < (this.#options.maxFailures ?? 3) && !isSerious) return;
    this.#failuresInRow = 0;
    this.#restUntilMs = performance.now() + (this.#options.restMs ?? 30_000);
  }
}

class TimeOver extends Error {}

/**
 * Runs something that may not end, and is done with it when the time is over, whether it listens to its signal or not.
 */
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

/** Signs the name with the bytes, so that no entry can stand in for another one. */
function signatureOf(secret: string, id: string, bytes: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(id).update("\0").update(bytes).digest();
}

/** An error and what is behind it: "fetch failed" says nothing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== ""
    ? `${error.message}: ${cause.message}`
    : error.message;
}
