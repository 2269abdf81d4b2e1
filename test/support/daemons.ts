/** Daemons for tests: places of their own, services that do what a test says, and clients that speak bytes. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageVersion } from "../../src/base/version.ts";
import { DaemonServer, type DaemonServerOptions } from "../../src/daemon/server/daemon-server.ts";
import type { SearchContext, SearchService } from "../../src/daemon/server/search-service.ts";
import { type Frame, FrameReader, encodeFrame } from "../../src/daemon/protocol/frames.ts";
import { FRAME } from "../../src/daemon/protocol/constants.ts";
import { encodeRequest, NO_STREAMS, type SearchRequest } from "../../src/daemon/protocol/request.ts";
import { type RuntimeFolder, runtimeFolder } from "../../src/daemon/protocol/runtime-folder.ts";

/** What a test answers to the arguments of a search. */
export type TestSearch = (
  argv: readonly string[],
  context: SearchContext,
  signal: AbortSignal,
) => Promise<number | undefined>;

/** A service that searches the working directory of each request. */
export function serviceOf(search: TestSearch, namesTrees = false): SearchService {
  return {
    plan: ({ argv, cwd }) => ({
      paths: [cwd],
      namesTrees,
      search: (context, signal) => search(argv, context, signal),
    }),
    get trees(): never {
      throw new Error("this test asks no questions");
    },
    hold: () => undefined,
    stats: () => ({}),
    close: async () => undefined,
  };
}

/** A runtime folder and a tree, both empty. */
export class DaemonGround implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), "ew-daemon-"));
  readonly env = { XDG_RUNTIME_DIR: this.path };
  readonly at: RuntimeFolder = runtimeFolder(this.env);
  readonly tree = join(this.path, "tree");
  readonly #servers: DaemonServer[] = [];

  constructor() {
    mkdirSync(this.tree);
  }

  /** A server whose service is the given search. */
  async serve(search: TestSearch, changes: Partial<DaemonServerOptions> = {}): Promise<DaemonServer> {
    const server = await DaemonServer.open({
      at: this.at,
      version: packageVersion(),
      trees: [this.tree],
      service: serviceOf(search),
      onFault: (error) => {
        throw error;
      },
      ...changes,
    });
    this.#servers.push(server);
    return server;
  }

  request(changes: Partial<SearchRequest> = {}): SearchRequest {
    return {
      clientVersion: packageVersion(),
      cwd: this.tree,
      argv: ["needle"],
      env: {},
      facts: NO_STREAMS,
      ...changes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Answers at once, with the words of the request. */
export const echo: TestSearch = async (argv, context) => {
  context.writeOut(Buffer.from(`${argv.join(" ")}\n`));
  return 0;
};

/** Writes so many bytes in pieces of 64 KiB, and pauses where it is asked to. */
export async function writePieces(
  context: SearchContext,
  bytes: number,
  onPiece: () => void = () => undefined,
): Promise<number> {
  const piece = Buffer.alloc(64 * 1024, "x");
  for (let written = 0; written < bytes; written += piece.length) {
    context.writeOut(piece);
    onPiece();
    const paused = context.pause();
    if (paused !== undefined) await paused;
  }
  return 0;
}

/** A client that speaks bytes. */
export class RawClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** All frames until the connection ended. */
  readonly ended: Promise<readonly Frame[]>;

  /** @param reads whether it reads what it is sent */
  constructor(at: RuntimeFolder, reads = true) {
    this.socket = connect(at.socket);
    const reader = new FrameReader();
    if (reads) this.socket.on("data", (piece: Buffer) => void this.frames.push(...reader.read(piece)));
    this.socket.on("error", () => undefined);
    this.ended = once(this.socket, "close").then(() => this.frames);
  }

  send(bytes: Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  search(request: SearchRequest): this {
    return this.send(encodeFrame(FRAME.search, encodeRequest(request) as Buffer));
  }
}

/** The kinds of frames, in words. */
export function kindsOf(frames: readonly Frame[]): string[] {
  return frames.map(
    ({ kind }) => Object.entries(FRAME).find(([, each]) => each === kind)?.[0] ?? String(kind),
  );
}
