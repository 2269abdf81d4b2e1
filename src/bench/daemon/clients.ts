/**
 * Clients of a daemon that ask at given times, whether the answers before have come or not.
 *
 * A query is due at a time of its own. Where all clients wait for answers it is late, and that counts: its time begins
 * when it was due, not when it was sent.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { TOLD } from "./known-answers.ts";
import { askDaemon, type RuntimeFolder, type SearchRequest } from "../../daemon/index.ts";

/** One answer. */
export interface Answered {
  /** Index of the query. */
  readonly query: number;
  readonly output: string;
  /** Exit code; a text where there was no whole answer. */
  readonly code: number | string;
  readonly tookMs: number;
  /** What `mark` gave when it was sent, and when its end had come. */
  readonly sentAt: number;
  readonly endedAt: number;
}

/** What clients need to know. */
export interface ClientOptions {
  readonly at: RuntimeFolder;
  readonly clients: number;
  readonly perSecond: number;
  readonly forMs: number;
  readonly requestOf: (query: number) => SearchRequest;
  /** The query that comes next. */
  readonly next: () => number;
  /** A number that tells in which states of the tree something happens. */
  readonly mark: () => number;
  readonly onAnswer: (answered: Answered) => void;
  readonly signal: AbortSignal;
}

/** Asks until the time is over, and waits for the last answers. @returns how many queries were sent */
export async function askAll(options: ClientOptions): Promise<number> {
  const { clients, perSecond, forMs, signal } = options;
  const total = Math.floor((perSecond * forMs) / 1000);
  const beginMs = performance.now();
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < total && !signal.aborted) {
      const dueMs = beginMs + (1000 * sent++) / perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0.5) await sleep(waitMs);
      await askOnce(options, dueMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return sent;
}

async function askOnce({ at, requestOf, next, mark, onAnswer }: ClientOptions, dueMs: number): Promise<void> {
  const query = next();
  const pieces: Buffer[] = [];
  const beginMs = Math.min(dueMs, performance.now()); // a timer may be early
  const sentAt = mark();
  let code: number | string;
  try {
    code = await askDaemon(at, requestOf(query), {
      writeOut: (bytes) => void pieces.push(Buffer.from(bytes)),
      writeError: (text) => void pieces.push(Buffer.from(`${TOLD}${text}`)),
    });
  } catch (error) {
    code = error instanceof Error ? error.message : String(error);
  }
  const tookMs = performance.now() - beginMs;
  onAnswer({
    query,
    output: Buffer.concat(pieces).toString("latin1"),
    code,
    tookMs,
    sentAt,
    endedAt: mark(),
  });
}
