import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Random } from "../../../test/support/cli-random-source.ts";
import {
  DaemonGround,
  echo,
  kindsOf,
  RawClient,
  serviceOf,
  type TestSearch,
  writePieces,
} from "../../../test/support/daemons.ts";
import { until } from "../../../test/support/patience.ts";
import { propertyRuns, propertySeed } from "../../../test/support/property-runs.ts";
import { askDaemon, askForReport, askToStop } from "../client/index.ts";
import { decodeDecline, encodeFrame, encodeRequest, FRAME, PAYLOAD_BYTES_MAX } from "../protocol/index.ts";

let ground: DaemonGround;
beforeEach(() => {
  ground = new DaemonGround();
});
afterEach(async () => {
  vi.useRealTimers();
  await ground[Symbol.asyncDispose]();
});

const isRoot = process.geteuid?.() === 0;
const MIB = 2 ** 20;

/** A search that goes on until it is called off. */
function aborted(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(0)));
}

interface Told {
  readonly outcome: number | string;
  readonly out: string;
  readonly errors: string;
}

async function ask(changes: Parameters<DaemonGround["request"]>[0] = {}): Promise<Told> {
  let [out, errors] = ["", ""];
  const outcome = await askDaemon(ground.at, ground.request(changes), {
    writeOut: (bytes) => (out += Buffer.from(bytes).toString()),
    writeError: (text) => (errors += text),
  });
  return { outcome, out, errors };
}

describe("a search", () => {
  it("is answered with output, messages and exit code, in their order", async () => {
    await ground.serve(async (argv, context) => {
      context.writeOut(Buffer.from(`${context.cwd} ${argv.join("|")}\n`));
      context.writeError(`${context.env["HOME"]} ${context.stdoutIsTerminal} ${context.stdoutFile?.inode}\n`);
      return 2;
    });
    const facts = {
      ...ground.request().facts,
      stdoutIsTerminal: true,
      stdoutFile: { device: 1n, inode: 5n },
    };
    expect(await ask({ argv: ["a b", ""], env: { HOME: "/h" }, facts })).toEqual({
      outcome: 2,
      out: `${ground.tree} a b|\n`,
      errors: "/h true 5\n",
    });
  });

  it("outside of the trees, through a link out of them too, is left to the client", async () => {
    const searched: string[] = [];
    await ground.serve(async (_, { cwd }) => {
      searched.push(cwd);
      return 1;
    });
    symlinkSync("/usr", join(ground.tree, "out"));
    mkdirSync(join(ground.tree, "in"));
    mkdirSync(`${ground.tree}-beside`);
    for (const cwd of [
      "/",
      `${ground.tree}-beside`,
      `${ground.tree}/in/../..`,
      `${ground.tree}/out`,
      `${ground.tree}/out/..`,
      "/nowhere",
    ])
      expect((await ask({ cwd })).outcome).toBe("declined");
    expect(searched).toEqual([]);
    expect((await ask({ cwd: `${ground.tree}/in` })).outcome).toBe(1);
  });

  it("in a tree that --daemon auto names is answered, and the service is told of the tree once", async () => {
    const held: string[] = [];
    const other = join(ground.path, "other");
    mkdirSync(join(other, "sub"), { recursive: true });
    const service = Object.assign(serviceOf(echo, true), { hold: (tree: string) => void held.push(tree) });
    await ground.serve(echo, { service });
    for (const cwd of [other, other, join(other, "sub")]) expect((await ask({ cwd })).outcome).toBe(0);
    expect(held).toEqual([ground.tree, other]);
  });

  it("that the service cannot answer is left to the client", async () => {
    await ground.serve(async () => undefined);
    expect(await ask()).toEqual({ outcome: "declined", out: "", errors: "" });
  });

  it("of another version is declined with both versions, and says so", async () => {
    await ground.serve(echo, { version: "7.8.9" });
    const told = await ask({ clientVersion: "1.2.3" });
    expect([told.outcome, told.out]).toEqual(["declined", ""]);
    expect(told.errors).toMatch(/^everwarp: .*7\.8\.9.*1\.2\.3.*serve --stop.*\n$/);
  });

  it("of another protocol is declined as such, whatever follows its number", async () => {
    await ground.serve(echo);
    const frames = await new RawClient(ground.at).send(
      encodeFrame(FRAME.search, Buffer.from([9, 0, 0, 0, 1])),
    ).ended;
    expect(kindsOf(frames)).toEqual(["declined"]);
    expect(decodeDecline(frames[0]?.payload as Uint8Array).reason).toBe("otherVersion");
  });

  it("that breaks before it wrote is left to the client, and one that wrote is an error", async () => {
    let bytes = 0;
    await ground.serve(async (_, context) => {
      await writePieces(context, bytes);
      throw new Error("the disk melted");
    });
    expect((await ask()).outcome).toBe("declined");
    bytes = MIB;
    await expect(ask()).rejects.toMatchObject({ code: "EW_DAEMON_DIED", message: /the disk melted/ });
  });
});

describe("a client that", () => {
  it("reads nothing stops its own search, and no other", async () => {
    let written = 0;
    await ground.serve((argv, context, signal) =>
      argv[0] === "much" ? writePieces(context, 64 * MIB, () => written++) : echo(argv, context, signal),
    );
    const stalled = new RawClient(ground.at, false).search(ground.request({ argv: ["much"] }));
    await until(() => written > 0);
    for (let index = 0; index < 50; index++) expect((await ask({ argv: ["few"] })).out).toBe("few\n");
    expect(written * 64 * 1024).toBeLessThan(32 * MIB);
    // When it reads, everything comes.
    let got = 0;
    stalled.socket.on("data", (piece: Buffer) => (got += piece.length));
    await stalled.ended;
    expect(got).toBeGreaterThan(64 * MIB);
  });

  it.each(["is killed", "closes its side"])("%s has its search called off", async (how) => {
    let cancelled = false;
    const search: TestSearch = (_, context, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => {
          cancelled = true;
          try {
            context.writeOut(Buffer.from("x"));
            resolve(0);
          } catch (error) {
            reject(error as Error);
          }
        });
      });
    const server = await ground.serve(search);
    const client = new RawClient(ground.at).search(ground.request());
    await until(() => server.report().searches.running === 1);
    if (how === "is killed") client.socket.destroy();
    else client.socket.end();
    await until(() => cancelled && server.report().searches.running === 0);
    expect(server.report().searches).toMatchObject({ cancelled: 1, answered: 0, failed: 0 });
  });

  it("leaves in the middle of a long answer ends it at the next pause", async () => {
    let ended: unknown;
    await ground.serve((_, context) =>
      writePieces(context, 2 ** 40).catch((error: unknown) => {
        ended = error;
        throw error;
      }),
    );
    const client = new RawClient(ground.at).search(ground.request());
    await until(() => client.frames.length > 100);
    client.socket.destroy();
    await until(() => ended !== undefined);
    expect(ended).toMatchObject({ code: "EPIPE" });
  });

  it("sends no more than a part of a request is let go after a while", async () => {
    await ground.serve(echo);
    const half = encodeFrame(FRAME.search, encodeRequest(ground.request()) as Buffer).subarray(0, 30);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const client = new RawClient(ground.at).send(half);
    let isOver = false;
    void client.ended.then(() => (isOver = true));
    while (!isOver) {
      vi.advanceTimersByTime(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(client.frames).toEqual([]);
  });

  it("sends a second request, or bytes behind the first one, is sent away", async () => {
    await ground.serve((_, __, signal) => aborted(signal));
    const client = new RawClient(ground.at).search(ground.request());
    await until(() => client.frames.length === 1);
    client.search(ground.request());
    expect(kindsOf(await client.ended)).toEqual(["accepted"]);
    const both = encodeFrame(FRAME.status);
    expect(
      kindsOf(await new RawClient(ground.at).send(Buffer.concat([both, both])).ended).length,
    ).toBeLessThan(2);
  });

  it("sends garbage of any kind harms nobody", async () => {
    const seed = propertySeed();
    const random = new Random(seed);
    await ground.serve(echo);
    const whole = encodeFrame(FRAME.search, encodeRequest(ground.request()) as Buffer);
    for (let run = 0; run < propertyRuns(150).numRuns; run++) {
      const client = new RawClient(ground.at).send(garbage(random, whole));
      if (random.below(2) === 0) client.socket.end();
      else client.socket.destroySoon();
      await client.ended;
    }
    expect(await ask(), `seed ${seed}`).toEqual({ outcome: 0, out: "needle\n", errors: "" });
  });
});

function garbage(random: Random, whole: Buffer): Buffer {
  const bytes = Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256)));
  const changed = Buffer.from(whole);
  changed[8 + random.below(whole.length - 8)] = random.below(256);
  const tooLong = encodeFrame(FRAME.search, bytes);
  tooLong.writeUInt32LE(PAYLOAD_BYTES_MAX + 1 + random.below(2 ** 30), 0);
  const kinds = [
    bytes,
    encodeFrame(FRAME.search, bytes),
    encodeFrame(random.below(100) + 4, bytes),
    whole.subarray(0, random.below(whole.length)),
    changed,
    tooLong,
  ];
  return kinds[random.below(kinds.length)] as Buffer;
}

describe("the place", () => {
  it("is closed to other users, and free when the daemon has ended", async () => {
    const server = await ground.serve(echo);
    const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
    expect([modeOf(ground.at.folder), modeOf(ground.at.socket), modeOf(ground.at.lock)]).toEqual([
      0o700, 0o600, 0o600,
    ]);
    await server.close();
    expect(existsSync(ground.at.socket)).toBe(false);
    expect((await ask()).outcome).toBe("absent");
    await ground.serve(echo);
    expect((await ask()).outcome).toBe(0);
  });

  it("has one daemon at a time", async () => {
    const opened = await Promise.allSettled([ground.serve(echo), ground.serve(echo), ground.serve(echo)]);
    expect(opened.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const each of opened)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "EW_DAEMON_RUNNING" });
    expect((await ask()).outcome).toBe(0);
  });

  it("is not given up by a daemon that could not start there", async () => {
    await ground.serve(echo);
    await expect(ground.serve(echo)).rejects.toMatchObject({ code: "EW_DAEMON_RUNNING" });
    expect((await ask()).outcome).toBe(0);
  });

  it("is refused where the folder is open, a link, or a file", async () => {
    mkdirSync(ground.at.folder, { mode: 0o700 });
    chmodSync(ground.at.folder, 0o750);
    const refused = { code: "EW_DAEMON_FOLDER", message: /its mode is 750/ };
    await expect(ground.serve(echo)).rejects.toMatchObject(refused);
    expect((await ask()).outcome).toBe("absent");
    await using linked = new DaemonGround();
    symlinkSync(ground.tree, linked.at.folder);
    await expect(linked.serve(echo)).rejects.toMatchObject({ code: "EW_DAEMON_FOLDER" });
    await using file = new DaemonGround();
    writeFileSync(file.at.folder, "");
    const unmade = { code: "EW_DAEMON_FOLDER", message: /cannot be made \(EEXIST\)/ };
    await expect(file.serve(echo)).rejects.toMatchObject(unmade);
    const below = { ...file.at, folder: join(file.at.folder, "everwarp") };
    await expect(file.serve(echo, { at: below })).rejects.toThrow(/cannot be made \(ENOTDIR\)/);
  });

  it("is refused where its path is too long for a socket", async () => {
    const at = { ...ground.at, socket: join(ground.path, "x".repeat(120)) };
    await expect(ground.serve(echo, { at })).rejects.toMatchObject({ code: "EW_DAEMON_FOLDER" });
  });

  it("that another user made is refused by daemon and client (needs root to be shown)", async ({ skip }) => {
    if (!isRoot) skip("only root can give a folder to another user");
    mkdirSync(ground.at.folder, { mode: 0o700 });
    chownSync(ground.at.folder, 12_345, 12_345);
    const refused = { code: "EW_DAEMON_FOLDER", message: /it belongs to user 12345/ };
    await expect(ground.serve(echo)).rejects.toMatchObject(refused);
    expect((await ask()).outcome).toBe("absent");
    await expect(askForReport(ground.at)).rejects.toMatchObject({ code: "EW_DAEMON_FOLDER" });
  });

  it("answers no other user, even where the modes let one in (needs root to be shown)", async ({ skip }) => {
    if (!isRoot) skip("only root can run a process of another user");
    const server = await ground.serve(echo);
    for (const path of [ground.path, ground.at.folder]) chmodSync(path, 0o755);
    chmodSync(ground.at.socket, 0o666);
    const script = `const socket = require("node:net").connect(process.argv[1]);
      let got = 0;
      socket.on("data", (piece) => (got += piece.length)).on("error", () => undefined);
      socket.on("close", () => console.log("closed after " + got + " bytes"));
      socket.write(Buffer.from([0, 0, 0, 0, 2, 0, 0, 0]));`;
    const run = (uid: number): Promise<string> => askedBy(script, uid);
    expect(await run(12_345)).toBe("closed after 0 bytes\n");
    expect(await run(0)).toMatch(/^closed after [1-9]\d+ bytes\n$/);
    expect(server.report().connections).toBe(0);
  });
});

async function askedBy(script: string, uid: number): Promise<string> {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, ["-e", script, ground.at.socket], { uid, cwd: "/", env: {} });
  let out = "";
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  return out;
}

describe("the end", () => {
  it("comes by itself when nobody has searched for long enough", async () => {
    const server = await ground.serve(echo, { idleMinutes: 0.001 });
    await server.ended;
    expect(existsSync(ground.at.socket)).toBe(false);
  });

  it("does not come while a search runs", async () => {
    let isSearching = false;
    let finish: () => void = () => undefined;
    const server = await ground.serve(
      () =>
        new Promise((resolve) => {
          isSearching = true;
          finish = () => resolve(0);
        }),
      { idleMinutes: 0.0005 },
    );
    const asked = ask();
    await until(() => isSearching);
    // Many times the time after which it would end.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(existsSync(ground.at.socket)).toBe(true);
    finish();
    expect((await asked).outcome).toBe(0);
    await server.ended;
  });

  it("is told to whoever asked for it when the place is free, and running searches finish", async () => {
    let finish: () => void = () => undefined;
    const server = await ground.serve(async (argv, context, signal) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return echo(argv, context, signal);
    });
    const asked = ask();
    await until(() => server.report().searches.running === 1);
    const stopped = askToStop(ground.at);
    await until(() => !existsSync(ground.at.socket));
    finish();
    expect((await asked).out).toBe("needle\n");
    await stopped;
    await ground.serve(echo);
    await expect(askToStop({ ...ground.at, socket: `${ground.at.socket}.none` })).rejects.toMatchObject({
      code: "EW_DAEMON_NOT_RUNNING",
    });
  });

  it("calls off searches that do not finish, which their clients then make themselves", async () => {
    const server = await ground.serve((_, __, signal) => aborted(signal));
    const asked = ask();
    await until(() => server.report().searches.running === 1);
    await server.close();
    expect((await asked).outcome).toBe("declined");
  });
});

it("tells what it holds and has done", async () => {
  await ground.serve(echo);
  await ask();
  await ask({ cwd: "/" });
  expect(await askForReport(ground.at)).toMatchObject({
    protocol: 1,
    processId: process.pid,
    trees: [ground.tree],
    searches: { answered: 1, declined: 1, cancelled: 0, failed: 0, running: 0 },
  });
});
