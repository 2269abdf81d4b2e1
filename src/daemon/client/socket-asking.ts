/** Asks a daemon about a tree, over its socket. */
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError, nowMs, packageVersion } from "../../base/index.ts";
import { inDirectory, type TextQuery, type TreeOptions } from "../../search/index.ts";
import { decodeHits, type HitBatch, type HitsReport, type TreeReport } from "../hits/index.ts";
import { encodeQuestion, FRAME, type Frame, type Question, type RuntimeFolder } from "../protocol/index.ts";
import type { TreeAsking } from "../tree-engine/index.ts";
import { framesOf } from "./conversation.ts";
import { startDaemon } from "./start-daemon.ts";

/** A daemon that was started serves after this time at the latest. */
const START_TIMEOUT_MS = 15_000;
const START_POLL_MS = 10;

/** Which tree, of which daemon. */
export interface SocketTree {
  readonly at: RuntimeFolder;
  readonly paths: readonly string[];
  readonly options: TreeOptions;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A daemon is started where none runs, and the tree is named to it. */
  readonly isAuto: boolean;
}

/** See the head of this file. */
export class SocketAsking implements TreeAsking {
  readonly #tree: SocketTree;

  constructor(tree: SocketTree) {
    this.#tree = tree;
  }

  get directory(): string {
    return this.#tree.cwd;
  }

  get allText(): boolean {
    return this.#tree.options.allText ?? false;
  }

  load(signal: AbortSignal): Promise<TreeReport> {
    return this.#told<TreeReport>("load", signal);
  }

  state(signal: AbortSignal): Promise<TreeReport> {
    return this.#told<TreeReport>("state", signal);
  }

  count(query: TextQuery, signal: AbortSignal): Promise<number> {
    return this.#told<number>("count", signal, query);
  }

  async *hits(query: TextQuery, signal: AbortSignal): AsyncGenerator<HitBatch, HitsReport, undefined> {
    const json = new JsonPieces();
    for await (const { kind, payload } of this.#ask("search", signal, query)) {
      if (kind === FRAME.hits) yield decodeHits(payload);
      else if (kind === FRAME.report) json.add(payload);
    }
    return json.value<HitsReport>();
  }

  async changes(onChange: () => void, onEnd: (error: unknown) => void, signal: AbortSignal): Promise<void> {
    const frames = this.#ask("changes", signal);
    await frames.next(); // accepted
    const listen = async (): Promise<void> => {
      for await (const { kind } of frames) if (kind === FRAME.changed) onChange();
    };
    listen().catch((error: unknown) => {
      if (!signal.aborted) onEnd(error);
    });
  }

  async #told<T>(kind: Question["kind"], signal: AbortSignal, query?: TextQuery): Promise<T> {
    const json = new JsonPieces();
    for await (const frame of this.#ask(kind, signal, query))
      if (frame.kind === FRAME.report) json.add(frame.payload);
    return json.value<T>();
  }

  /** The frames of an answer; the first one accepts the question. */
  async *#ask(
    kind: Question["kind"],
    signal: AbortSignal,
    query?: TextQuery,
  ): AsyncGenerator<Frame, void, undefined> {
    const { at, paths, options, cwd, env, isAuto } = this.#tree;
    const question = { kind, clientVersion: packageVersion(), cwd, paths, options, env, namesTrees: isAuto };
    const payload = encodeQuestion(query === undefined ? question : { ...question, query });
    try {
      yield* framesOf(at, payload, signal);
    } catch (error) {
      const isAbsent = error instanceof EverwarpError && error.code === "EW_DAEMON_NOT_RUNNING";
      if (!isAbsent || !isAuto) throw error;
      await this.#start(signal);
      yield* framesOf(at, payload, signal);
    }
  }

  /** Starts a daemon, and waits until it listens. Where it does not, the next question says so. */
  async #start(signal: AbortSignal): Promise<void> {
    const { at, paths, cwd } = this.#tree;
    const places = paths.length === 0 ? [cwd] : paths.map((path) => inDirectory(cwd, path));
    startDaemon(
      at,
      places.filter((path) => existsSync(path)),
    );
    const untilMs = nowMs() + START_TIMEOUT_MS;
    while (nowMs() < untilMs && !signal.aborted) {
      await sleep(START_POLL_MS);
      if (await answers(at)) return;
    }
  }
}

/** Does something listen at the socket? */
function answers(at: RuntimeFolder): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at.socket);
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on("connect", () => end(true)).on("error", () => end(false));
  });
}

/** A value that comes in pieces of JSON. */
class JsonPieces {
  readonly #pieces: Uint8Array[] = [];

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }

  /** @throws EW_DAEMON_PROTOCOL */
  value<T>(): T {
    try {
      return JSON.parse(Buffer.concat(this.#pieces).toString()) as T;
    } catch (cause) {
      throw new EverwarpError("EW_DAEMON_PROTOCOL", "an answer of the daemon cannot be read", { cause });
    }
  }
}
