/** A second-level store as users have one: named in the environment, shared by machines, and not to be relied on. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PreloadAnswer } from "../../src/cli/cache/preload.ts";
import { runChild } from "../../src/threads/child-process.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-cache-store-test-"));
const device = String(testDeviceInfo().index);
const closers: (() => void)[] = [];
let program: string;
let count = 0;
beforeAll(async () => {
  program = await bundledCommandLine();
  mkdirSync(join(root, "tree"));
  writeFileSync(join(root, "tree", "a.txt"), "needle in hay\n".repeat(3));
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A machine with nothing in its own cache. */
function machine(store: string, more: Record<string, string> = {}) {
  const env = {
    XDG_CACHE_HOME: join(root, "xdg"),
    EVERWARP_CACHE_DIR: join(root, `machine-${count++}`),
    EVERWARP_CACHE_STORE: store,
    ...more,
  };
  const run = (...args: string[]): Promise<string> =>
    runChild(process.execPath, [program, ...args], 100_000, env);
  return {
    directory: env.EVERWARP_CACHE_DIR,
    preload: async (): Promise<PreloadAnswer> =>
      JSON.parse(await run("cache", "preload", "--all", "--device", device, "--json")) as PreloadAnswer,
    search: () => run("search", `--device=${device}`, "-c", "--no-filename", "needle", join(root, "tree")),
  };
}

async function listening(server: Server | ReturnType<typeof createSocket>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A server that keeps what it is given, and gives it back as `change` has it. */
async function keeping(change: (bytes: Buffer) => Buffer = (bytes) => bytes) {
  const held = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const { method, url = "" } = request;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (method === "PUT") {
        held.set(url, Buffer.concat(chunks));
        response.writeHead(201).end();
        return;
      }
      const found = held.get(url);
      if (found === undefined) response.writeHead(404).end();
      else response.end(change(found));
    });
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { held, address: `http://127.0.0.1:${await listening(server)}/programs` };
}

const made = ({ programs }: PreloadAnswer): number => programs.filter(({ state }) => state === "made").length;

test("what one machine made, the next one has: through a folder, and through HTTP", async () => {
  const server = await keeping();
  for (const store of [join(root, "share"), server.address]) {
    const first = await machine(store).preload();
    expect(made(first)).toBeGreaterThan(5);
    const second = await machine(store).preload();
    expect(second).toMatchObject({ compilations: 0 });
    expect(second.remoteTrouble).toBeUndefined();
    expect([made(second), second.remoteHits]).toEqual([0, second.programs.length]);
    const third = machine(store);
    expect(await third.search()).toBe("3\n");
    expect(readdirSync(third.directory)).toHaveLength(1);
  }
  expect(readdirSync(join(root, "share")).every((name) => name.endsWith(".ewp"))).toBe(true);
  expect(server.held.size).toBeGreaterThan(5);
});

test("with a secret nothing is taken that was put without it", async () => {
  const store = join(root, "signed");
  await machine(store, { EVERWARP_CACHE_SECRET: "other" }).preload();
  const before = readdirSync(store).map((name) => readFileSync(join(store, name)));
  expect(before.length).toBeGreaterThan(5);
  const answer = await machine(store, {
    EVERWARP_CACHE_SECRET: "ours",
    EVERWARP_CACHE_STORE_READ_ONLY: "1",
  }).preload();
  expect(answer.remoteHits).toBe(0);
  expect(made(answer)).toBeGreaterThan(5);
  expect(answer.remoteTrouble).toContain("not signed");
  expect(readdirSync(store).map((name) => readFileSync(join(store, name)))).toEqual(before);
});

test("a store that is silent, gone, or lies costs no answer", async () => {
  const silent = createSocket(() => undefined);
  closers.push(() => silent.close());
  const gone = createSocket(() => undefined);
  const gonePort = await listening(gone);
  gone.close();
  const liar = await keeping((bytes) =>
    Buffer.from(bytes.map((byte, at) => (at % 100 === 99 ? byte ^ 4 : byte))),
  );
  await machine(liar.address).preload(); // so that there is something to lie about
  for (const store of [
    `http://127.0.0.1:${await listening(silent)}`,
    `http://127.0.0.1:${gonePort}`,
    liar.address,
    join(root, "tree", "a.txt"),
  ]) {
    const lonely = machine(store);
    expect(await lonely.search()).toBe("3\n");
    const answer = await lonely.preload();
    expect(answer.programs.filter(({ state }) => state === "failed")).toEqual([]);
    expect(answer.remoteHits).toBe(0);
    expect(answer.remoteTrouble).toContain(store.replace(/\/$/, ""));
    // What was made in spite of it is whole, and found without it.
    expect((await machine("", { EVERWARP_CACHE_DIR: lonely.directory }).preload()).compilations).toBe(0);
  }
});

test("a store that is no place is told", async () => {
  await expect(machine("ftp://host/x").preload()).rejects.toThrow(/no address of an HTTP store/);
});
