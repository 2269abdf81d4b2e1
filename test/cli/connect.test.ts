/** `connect()` and daemons that are not there, are others, die, or are asked for what nobody named. */
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packageVersion } from "../../src/base/version.ts";
import { connect } from "../../src/index.ts";
import { askForReport, askToStop, runtimeFolder } from "../../src/daemon/index.ts";
import {
  decodeQuestion,
  encodeFrame,
  FRAME,
  FrameReader,
  type Question,
} from "../../src/daemon/protocol/index.ts";
import { encodeHits, hitColumns } from "../../src/daemon/hits/index.ts";
import { DaemonPlaceForTests } from "../support/daemon-process.ts";
import { kindsOf, RawClient } from "../support/daemons.ts";
import { until } from "../support/patience.ts";
import { servedTrees } from "../support/text-engines.ts";

let ground: string;
let tree: string;
const before = process.env["XDG_RUNTIME_DIR"];
beforeEach(() => {
  ground = mkdtempSync(join(tmpdir(), "ew-connect-"));
  tree = join(ground, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "a.txt"), "needle\n");
  process.env["XDG_RUNTIME_DIR"] = ground;
});
afterEach(() => {
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
  rmSync(ground, { recursive: true, force: true });
});

const at = () => runtimeFolder(process.env);
const question = (changes: Partial<Question> = {}): Question => ({
  kind: "search",
  clientVersion: packageVersion(),
  cwd: tree,
  paths: [],
  options: {},
  env: {},
  namesTrees: false,
  query: { pattern: "needle" },
  ...changes,
});
const payloadOf = (value: unknown, version = 1): Buffer =>
  Buffer.concat([Buffer.from([version, 0, 0, 0]), Buffer.from(JSON.stringify(value))]);

function promiseAndResolve(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve!: (value: unknown) => void;
  const promise = new Promise<unknown>((done) => (resolve = done));
  return { promise, resolve };
}

const INFO = { kind: "host", device: "a test", strategy: "none", strategyReason: "" };

/** What stands in the place of a daemon and answers as a test says. */
class StandIn implements AsyncDisposable {
  readonly asked: Question[] = [];
  readonly #server: Server;

  private constructor(answer: (question: Question, socket: Socket, count: number) => void) {
    this.#server = createServer((socket) => {
      const reader = new FrameReader();
      socket.on("error", () => undefined);
      socket.on("data", (piece: Buffer) => {
        for (const { payload } of reader.read(piece)) {
          const given = decodeQuestion(payload);
          this.asked.push(given);
          socket.write(encodeFrame(FRAME.accepted));
          if (given.kind === "load") {
            const report = { info: INFO, stats: {}, walkErrors: [] };
            socket.write(encodeFrame(FRAME.report, Buffer.from(JSON.stringify(report))));
            socket.end(encodeFrame(FRAME.exit, Buffer.alloc(4)));
          } else answer(given, socket, this.asked.filter(({ kind }) => kind === given.kind).length);
        }
      });
    });
  }

  static async at(answer: (question: Question, socket: Socket, count: number) => void): Promise<StandIn> {
    const standIn = new StandIn(answer);
    mkdirSync(at().folder, { mode: 0o700 });
    standIn.#server.listen(at().socket);
    await once(standIn.#server, "listening");
    return standIn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}

/** So many hits in so many files. */
function hitsFrame(files: number, first = 0): Buffer[] {
  const columns = hitColumns(files);
  columns.file.forEach((_, index) => (columns.file[index] = index));
  const named = Array.from({ length: files }, (_, index) => ({
    path: `f${first + index}`,
    stamp: { sizeBytes: 1, modifiedMs: 1, inode: 1 },
  }));
  return [...encodeHits({ files: named, columns })].map((batch) => encodeFrame(FRAME.hits, batch));
}

function endWhole(socket: Socket): void {
  const report = { truncated: false, skippedFiles: [], roundTripUs: 1, verifyUs: 1 };
  socket.write(encodeFrame(FRAME.report, Buffer.from(JSON.stringify(report))));
  socket.end(encodeFrame(FRAME.exit, Buffer.alloc(4)));
}

describe("a daemon", () => {
  it("that does not run is an error that says what to do", async () => {
    await expect(connect({ paths: [tree] })).rejects.toMatchObject({
      code: "EW_DAEMON_NOT_RUNNING",
      remedy: expect.stringContaining("everwarp serve"),
    });
  });

  it("of another version is an error with both versions", async () => {
    await using _daemon = await servedTrees([tree], "7.8.9");
    await expect(connect({ cwd: tree })).rejects.toMatchObject({
      code: "EW_DAEMON_VERSION",
      message: expect.stringMatching(new RegExp(`7\\.8\\.9.*${packageVersion()}.*serve --stop`)),
    });
  });

  it("searches no tree that nobody named", async () => {
    const other = join(ground, "other");
    mkdirSync(other);
    await using _daemon = await servedTrees([tree]);
    for (const options of [
      { cwd: other },
      { paths: [other] },
      { paths: [tree, other] },
      { paths: [join(tree, "..")] },
      { paths: [join(tree, "gone")] },
    ])
      await expect(connect(options)).rejects.toMatchObject({ code: "EW_DAEMON_TREE" });
    await using engine = await connect({ paths: [tree] });
    expect(await engine.count({ pattern: "needle" })).toBe(1);
    await using named = await connect({ paths: [other], daemon: "auto" });
    expect(await named.count({ pattern: "needle" })).toBe(0);
  });

  it.each([
    ["no JSON", () => Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.from("{")])],
    ["nothing", () => payloadOf(null)],
    ["no query", () => payloadOf({ ...question(), query: undefined })],
    ["a query of numbers", () => payloadOf(question({ query: { pattern: 3 } as never }))],
    ["a relative folder", () => payloadOf(question({ cwd: "tree" }))],
    ["options of other names", () => payloadOf(question({ options: { __proto__x: 1 } as never }))],
    ["a path with a NUL", () => payloadOf(question({ paths: ["a\0b"] }))],
    ["another kind", () => payloadOf(question({ kind: "write" as never }))],
  ])("hangs up on a question of %s, and answers the next", async (_, payload) => {
    await using _daemon = await servedTrees([tree]);
    expect(kindsOf(await new RawClient(at()).send(encodeFrame(FRAME.question, payload())).ended)).toEqual([]);
    await using engine = await connect({ cwd: tree });
    expect(await engine.count({ pattern: "needle" })).toBe(1);
  });

  it("declines a question of another protocol", async () => {
    await using _daemon = await servedTrees([tree]);
    const client = new RawClient(at()).send(encodeFrame(FRAME.question, payloadOf(question(), 9)));
    expect(kindsOf(await client.ended)).toEqual(["declined"]);
  });

  it("is told of a question that takes too much room before it is sent", async () => {
    await using _daemon = await servedTrees([tree]);
    await using engine = await connect({ cwd: tree });
    const large = { pattern: Array.from({ length: 40 }, () => "x".repeat(30_000)) };
    await expect(engine.search(large)).rejects.toMatchObject({ code: "EW_REQUEST_TOO_LARGE" });
  });
});

describe("an answer that breaks off", () => {
  it("is asked for once more, and is whole then", async () => {
    await using standIn = await StandIn.at((_, socket, count) => {
      for (const frame of hitsFrame(count === 1 ? 2 : 3)) socket.write(frame);
      if (count === 1) socket.end();
      else endWhole(socket);
    });
    await using engine = await connect({ cwd: tree });
    expect((await engine.search({ pattern: "x" })).count).toBe(3);
    expect(standIn.asked.map(({ kind }) => kind)).toEqual(["load", "search", "search"]);
  });

  it("twice is an error", async () => {
    await using standIn = await StandIn.at((_, socket) => {
      for (const frame of hitsFrame(2)) socket.write(frame);
      socket.end();
    });
    await using engine = await connect({ cwd: tree });
    for (const ask of [() => engine.search({ pattern: "x" }), () => engine.count({ pattern: "x" })])
      await expect(ask()).rejects.toMatchObject({ code: "EW_DAEMON_DIED" });
    expect(standIn.asked).toHaveLength(5);
  });

  it("is an error where hits were given on, and is not repeated", async () => {
    await using standIn = await StandIn.at((_, socket) => {
      for (const frame of hitsFrame(5)) socket.write(frame);
      setTimeout(() => socket.end(), 50);
    });
    await using engine = await connect({ cwd: tree });
    let given = 0;
    const take = async (): Promise<void> => {
      for await (const run of engine.submit({ pattern: "x" })) given += run.count;
    };
    await expect(take()).rejects.toMatchObject({ code: "EW_DAEMON_DIED" });
    expect(given).toBe(4); // of the last file, more may have come
    expect(standIn.asked).toHaveLength(2);
  });

  it.each([
    ["a frame above the limit", Buffer.from([255, 255, 255, 255, 22, 0, 0, 0])],
    ["hits that are none", encodeFrame(FRAME.hits, Buffer.from([1, 2, 3]))],
    [
      "hits of other lengths",
      encodeFrame(FRAME.hits, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    ],
    ["an error that is none", encodeFrame(FRAME.failure, Buffer.from("{"))],
  ])("%s is an error", async (_, bytes) => {
    await using _standIn = await StandIn.at((_question, socket) => void socket.end(bytes));
    await using engine = await connect({ cwd: tree });
    await expect(engine.search({ pattern: "x" })).rejects.toMatchObject({ code: "EW_DAEMON_PROTOCOL" });
  });

  it("when the daemon is killed is whole or an error, and with another daemon the engine goes on", async () => {
    for (let file = 0; file < 50; file++)
      writeFileSync(join(tree, `f${file}`), "needle needle\n".repeat(5000));
    using place = new DaemonPlaceForTests();
    process.env["XDG_RUNTIME_DIR"] = place.env.XDG_RUNTIME_DIR;
    const first = await place.serve(tree);
    await using engine = await connect({ cwd: tree });
    const searches = Array.from({ length: 6 }, () => engine.search({ pattern: "needle" }));
    const settled = Promise.allSettled(searches);
    await until(() => true);
    await first.kill();
    for (const each of await settled) {
      if (each.status === "fulfilled") expect(each.value.count).toBe(500_001);
      else expect(each.reason).toMatchObject({ code: "EW_DAEMON_DIED" });
    }
    await expect(engine.search({ pattern: "needle" })).rejects.toMatchObject({
      code: "EW_DAEMON_NOT_RUNNING",
    });
    await place.serve(tree);
    expect((await engine.search({ pattern: "needle" })).count).toBe(500_001);
    await place.stop();
  });
});

describe("a search", () => {
  it("that is called off is called off in the daemon", async () => {
    await using _daemon = await servedTrees([tree]);
    writeFileSync(join(tree, "large"), "abcabcab ".repeat(1_000_000));
    await using engine = await connect({ cwd: tree });
    const report = async () => (await askForReport(at())).searches;
    // A search may end before anybody sees it run, or before the daemon hears that nobody wants it.
    while ((await report()).cancelled === 0) {
      const cancel = new AbortController();
      const searches = Array.from({ length: 8 }, () =>
        engine.search({ pattern: "([a-c]+ )*[a-c]{5}x" }, { signal: cancel.signal }),
      );
      let isOver = false;
      const settled = Promise.allSettled(searches).finally(() => (isOver = true));
      while (!isOver && (await report()).running === 0) await until(() => true);
      cancel.abort(new Error("enough"));
      for (const each of await settled)
        if (each.status === "rejected")
          expect(each.reason).toMatchObject({ code: "EW_ABORTED", cause: { message: "enough" } });
      while ((await report()).running > 0) await until(() => true);
    }
    expect(await report()).toMatchObject({ failed: 0 });
  });

  it("waits where many are asked at once, and all are answered", async () => {
    await using _daemon = await servedTrees([tree]);
    await using engine = await connect({ cwd: tree });
    const counts = await Promise.all(Array.from({ length: 300 }, () => engine.count({ pattern: "needle" })));
    expect(counts.every((count) => count === 1)).toBe(true);
    expect(await engine.stats()).toMatchObject({ answered: 300, inFlight: 0, pending: 0 });
  });
});

describe("the frames of an answer", () => {
  it("come in their order", async () => {
    await using _daemon = await servedTrees([tree]);
    const frames = await new RawClient(at()).send(encodeFrame(FRAME.question, payloadOf(question()))).ended;
    expect(kindsOf(frames)).toEqual(["accepted", "hits", "report", "exit"]);
  });

  it("begin with the one that accepts, also where the tree changes at once", async () => {
    await using _daemon = await servedTrees([tree]);
    await using _engine = await connect({ cwd: tree });
    const asked = encodeFrame(FRAME.question, payloadOf(question({ kind: "changes" })));
    const client = new RawClient(at()).send(asked);
    for (let written = 0; client.frames.length === 0; written++) {
      writeFileSync(join(tree, "new"), String(written));
      await new Promise(setImmediate);
    }
    expect(kindsOf(client.frames)[0]).toBe("accepted");
    client.socket.destroy();
  });
});

describe("changes", () => {
  it("are told of a tree that nobody has searched", async () => {
    await using _daemon = await servedTrees([tree]);
    const asked = encodeFrame(FRAME.question, payloadOf(question({ kind: "changes" })));
    const client = new RawClient(at()).send(asked);
    await until(() => kindsOf(client.frames).includes("accepted"));
    appendFileSync(join(tree, "a.txt"), "needle\n");
    await until(() => kindsOf(client.frames).includes("changed"));
    client.socket.destroy();
  });

  it("of files that cannot be listed are an error", async () => {
    await using _daemon = await servedTrees([tree]);
    const given = question({ kind: "changes", options: { globs: ["["] } });
    const client = new RawClient(at()).send(encodeFrame(FRAME.question, payloadOf(given)));
    expect(kindsOf(await client.ended)).toEqual(["accepted", "failure"]);
  });

  it("are told, and the next search has them", async () => {
    await using _daemon = await servedTrees([tree]);
    await using engine = await connect({ cwd: tree });
    let told = 0;
    const end = new AbortController();
    await engine.onChange(() => told++, { signal: end.signal });
    appendFileSync(join(tree, "a.txt"), "needle\n");
    await until(() => told > 0);
    expect(await engine.count({ pattern: "needle" })).toBe(2);
    mkdirSync(join(tree, "new"));
    await until(() => told > 1);
    expect(await engine.count({ pattern: "needle" })).toBe(2);
    const before = told;
    writeFileSync(join(tree, "new", "b"), "needle\n");
    await until(() => told > before);
    end.abort();
    expect((await askForReport(at())).connections).toBeGreaterThan(0);
  });

  it("end when the daemon does, at once", async () => {
    const daemon = await servedTrees([tree]);
    await using engine = await connect({ cwd: tree });
    const { promise: ended, resolve } = promiseAndResolve();
    await engine.onChange(() => undefined, { onEnd: resolve });
    await daemon[Symbol.asyncDispose]();
    expect(await ended).toMatchObject({ code: "EW_DAEMON_DIED" });
  });
});

describe("daemon: auto", () => {
  it("starts a daemon, and another one when that is killed", async () => {
    await using engine = await connect({ cwd: tree, daemon: "auto" });
    expect(await engine.count({ pattern: "needle" })).toBe(1);
    const { processId, trees } = await askForReport(at());
    expect(trees).toEqual([tree]);
    process.kill(processId, "SIGKILL");
    appendFileSync(join(tree, "a.txt"), "needle\n");
    expect(await engine.count({ pattern: "needle" })).toBe(2);
    expect((await askForReport(at())).processId).not.toBe(processId);
    await askToStop(at());
  });
});
