/**
 * The daemon's server: it listens, and ends when it is told to or not used.
 *
 * Guarantees: only processes of this user are answered. Only trees that the user named are searched. A client that
 * stalls, dies or sends garbage costs the others nothing but its share of the time. After `close` the place is free,
 * and no search runs.
 */
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError, nowMs } from "../../base/index.ts";
import {
  type DaemonReport,
  FRAME,
  type Frame,
  ownUserId,
  PROTOCOL_VERSION,
  type RuntimeFolder,
} from "../protocol/index.ts";
import type { Answer } from "./answer.ts";
import { Connection } from "./connection.ts";
import { DaemonPlace } from "./daemon-place.ts";
import { IdleWatch } from "./idle-watch.ts";
import { peerUserId } from "./libc.ts";
import { NamedTrees } from "./named-trees.ts";
import { type DeskOptions, SearchDesk } from "./search-desk.ts";

/** So many clients are connected at most. Further ones are turned away, and search by themselves. */
const CONNECTIONS_MAX = 256;
/** When the daemon is to end, searches that run have so long to finish, and clients to read. */
const END_TIMEOUT_MS = 2_000;
const END_POLL_MS = 5;

/** What a server needs. */
export interface DaemonServerOptions extends DeskOptions {
  readonly at: RuntimeFolder;
  /** The trees that the user named. */
  readonly trees: readonly string[];
  /** Is told of errors that are faults of the daemon, and that its clients cannot be told. */
  onFault(error: unknown): void;
  /** Minutes without a search after which it ends by itself. Without it, it stays. */
  readonly idleMinutes?: number | undefined;
}

/** A daemon that listens. */
export class DaemonServer {
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  readonly #options: DaemonServerOptions;
  readonly #place: DaemonPlace;
  readonly #server: Server;
  readonly #trees = new NamedTrees();
  readonly #desk: SearchDesk;
  readonly #idle: IdleWatch;
  readonly #connections = new Set<Connection>();
  /** Clients that asked for the end. They are told when the place is free. */
  readonly #stoppers: Answer[] = [];
  readonly #startedAt = new Date().toISOString();
  readonly #markEnded: () => void;
  #closing: Promise<void> | undefined;

  private constructor(options: DaemonServerOptions) {
    this.#options = options;
    const { promise, resolve } = promiseAndResolve();
    this.ended = promise;
    this.#markEnded = resolve;
    this.#place = DaemonPlace.take(options.at);
    this.#desk = new SearchDesk(options, this.#trees);
    this.#server = createServer((socket) => this.#connect(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#idle = new IdleWatch(options.idleMinutes, () => this.#endIfUnused());
  }

  /**
   * Takes the place and listens.
   * @throws EW_DAEMON_RUNNING, EW_DAEMON_FOLDER, EW_PATH_NOT_FOUND for a tree that is not there
   */
  static async open(options: DaemonServerOptions): Promise<DaemonServer> {
    const server = new DaemonServer(options);
    try {
      for (const tree of options.trees) server.#name(tree);
      await server.#place.listen(server.#server);
    } catch (error) {
      server.#place.release();
      throw error;
    }
    server.#idle.restart();
    return server;
  }

  /** What `everwarp serve --status` shows. */
  report(): DaemonReport {
    const { version, idleMinutes, service } = this.#options;
    return {
      version,
      protocol: PROTOCOL_VERSION,
      processId: process.pid,
      startedAt: this.#startedAt,
      trees: this.#trees.all,
      ...(idleMinutes === undefined ? {} : { idleMinutes }),
      searches: { ...this.#desk.counts, running: this.#desk.running },
      connections: this.#connections.size,
      residentBytes: process.memoryUsage.rss(),
      service: service.stats(),
    };
  }

  /** Takes no more clients, lets searches finish for a moment, calls the rest off, and gives the place back. */
  close(): Promise<void> {
    return (this.#closing ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#idle.stop();
    this.#place.hide();
    this.#server.close();
    this.#desk.cancelEndless();
    await this.#waitFor(() => this.#connections.size <= this.#stoppers.length);
    this.#desk.cancelAll();
    await this.#waitFor(() => this.#desk.running === 0);
    try {
      await this.#options.service.close();
    } finally {
      this.#place.release();
      for (const stopper of this.#stoppers) stopper.exit(0);
      for (const connection of this.#connections) connection.destroy();
      this.#markEnded();
    }
  }

  async #waitFor(isSo: () => boolean): Promise<void> {
    const untilMs = nowMs() + END_TIMEOUT_MS;
    while (!isSo() && nowMs() < untilMs) await sleep(END_POLL_MS);
  }

  #endIfUnused(): void {
    if (this.#desk.running === 0) void this.close();
    else this.#idle.restart();
  }

  #name(tree: string): void {
    let real: string | undefined;
    try {
      real = this.#trees.add(tree);
    } catch (cause) {
      throw new EverwarpError("EW_PATH_NOT_FOUND", `the tree ${tree} cannot be found`, {
        remedy: "Name a folder or a file that exists and that you may read.",
        cause,
      });
    }
    if (real !== undefined) this.#options.service.hold(real);
  }

  #connect(socket: Socket): void {
    if (!isOfThisUser(socket)) return void socket.destroy();
    const connection = new Connection(socket, (frame, answer, gone) => this.#answer(frame, answer, gone));
    this.#connections.add(connection);
    socket.on("close", () => this.#connections.delete(connection));
  }

  async #answer(frame: Frame, answer: Answer, isGone: AbortSignal): Promise<void> {
    const { kind } = frame;
    if (kind === FRAME.status) return answer.report(JSON.stringify(this.report()));
    if (kind === FRAME.stop) {
      this.#stoppers.push(answer);
      return void this.close();
    }
    if (kind !== FRAME.search && kind !== FRAME.question) return answer.abandon();
    this.#idle.restart();
    try {
      await this.#desk.answer(frame, answer, isGone);
    } catch (error) {
      answer.abandon(); // there is nobody who would understand an answer
      if (!(error instanceof EverwarpError)) this.#options.onFault(error);
    } finally {
      if (this.#closing === undefined) this.#idle.restart();
    }
  }
}

/** The system tells who opened the other end of a Unix socket. Node keeps the descriptor in its handle. */
function isOfThisUser(socket: Socket): boolean {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } };
  return handle?.fd !== undefined && peerUserId(handle.fd) === ownUserId();
}

function promiseAndResolve(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
