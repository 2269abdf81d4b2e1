import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocket, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { entryBytes, entryId } from "../../../test/support/program-entries.ts";
import { HttpStore } from "./http-store.ts";
import { SecondLevel } from "./second-level.ts";
import { patientMs } from "../../../test/support/patience.ts";

const ID = entryId("scan");
const BYTES = entryBytes("scan");

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts a real server. @returns its address */
async function served(answer: Answer): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/programs`;
}

/** Starts a server that speaks no HTTP, or wrong HTTP. */
async function spoken(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createSocket((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // the client may hang up
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** @param timeoutMs far more than an answer takes, unless no answer is expected */
const levelAt = (
  base: string,
  options: ConstructorParameters<typeof HttpStore>[1] = {},
  timeoutMs = patientMs(60_000),
): SecondLevel =>
  new SecondLevel(new HttpStore(base, options), { getTimeoutMs: timeoutMs, putTimeoutMs: timeoutMs });

/** A server that stores entries. */
function keeping(): { held: Map<string, Buffer>; requests: string[]; answer: Answer } {
  const held = new Map<string, Buffer>();
  const requests: string[] = [];
  return {
    held,
    requests,
    answer(request, response) {
      const { method = "", url = "", headers } = request;
      requests.push(`${method} ${url} ${headers.authorization ?? ""}`.trim());
      if (method === "PUT") {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          held.set(url, Buffer.concat(chunks));
          response.writeHead(201).end();
        });
        return;
      }
      const found = held.get(url);
      if (found === undefined) response.writeHead(404).end("not here");
      else response.writeHead(200).end(found);
    },
  };
}

describe("a server that works", () => {
  test("keeps entries for others", async () => {
    const server = keeping();
    const base = await served(server.answer);
    const writer = levelAt(base);
    expect(await writer.get(ID)).toBeUndefined();
    writer.put(ID, BYTES);
    await writer.close();
    const reader = levelAt(`${base}/`);
    expect((await reader.get(ID))?.bytes).toEqual(Buffer.from(BYTES));
    expect(reader.stats()).toMatchObject({ hits: 1, failures: 0, lastTrouble: undefined });
    expect(server.requests).toEqual(["GET", "PUT", "GET"].map((method) => `${method} /programs/${ID}.ewp`));
  });

  test("gets user, password and query, and messages show none of them", async () => {
    const server = keeping();
    const base = (await served(server.answer)).replace("//", "//user:pass%20word@");
    const store = new HttpStore(`${base}?token=t`, { headers: { "x-own": "1" } });
    expect(store.name).not.toMatch(/user|pass|token/);
    expect(await store.get(ID, { signal: new AbortController().signal })).toBeUndefined();
    const basic = Buffer.from("user:pass word").toString("base64");
    expect(server.requests).toEqual([`GET /programs/${ID}.ewp?token=t Basic ${basic}`]);
  });

  test("compressed answers are decompressed", async () => {
    const base = await served((_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(BYTES)),
    );
    expect((await levelAt(base).get(ID))?.bytes).toEqual(Buffer.from(BYTES));
  });
});

describe("a server that lies or fails", () => {
  const lies: [string, Answer, RegExp][] = [
    ["a page", (_request, response) => void response.end("<html>Log in</html>".repeat(50)), /does not begin/],
    ["an empty answer", (_request, response) => void response.end(), /too few/],
    ["no content", (_request, response) => void response.writeHead(204).end(), /204/],
    ["a part", (_request, response) => void response.writeHead(206).end(BYTES.subarray(0, 100)), /206/],
    ["half of it", (_request, response) => void response.end(BYTES.subarray(0, 700)), /700 of its/],
    ["another entry", (_request, response) => void response.end(entryBytes("lookup")), /it is the entry/],
    [
      "the right length but other bytes",
      (_request, response) => void response.end(randomBytes(BYTES.length)),
      /does not begin/,
    ],
    ["an error", (_request, response) => void response.writeHead(500).end("oops"), /GET answers 500/],
    ["a refusal", (_request, response) => void response.writeHead(403).end(), /GET answers 403/],
    [
      "a redirection to itself",
      (request, response) => void response.writeHead(302, { location: request.url }).end(),
      /redirect/,
    ],
    [
      "a redirection to elsewhere",
      (_request, response) => void response.writeHead(307, { location: "http://127.0.0.1:9/x" }).end(),
      /redirect/,
    ],
    [
      "fewer bytes than announced",
      (_request, response) => {
        response.writeHead(200, { "content-length": BYTES.length });
        response.write(BYTES.subarray(0, 300), () => response.destroy());
      },
      /terminated|closed|aborted/i,
    ],
    [
      "invalid compression",
      (_request, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(BYTES),
      /terminated|header/i,
    ],
  ];
  test.each(lies)("with %s is rejected", async (_, answer, trouble) => {
    const level = levelAt(await served(answer));
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats().hits).toBe(0);
    expect(level.stats().refused + level.stats().failures).toBe(1);
    expect(level.stats().lastTrouble).toMatch(trouble);
  });

  test.each<[string, Answer]>([
    ["an answer that is too long", (_request, response) => void response.end(Buffer.alloc(50_000))],
    [
      "an answer that announces too much",
      (_request, response) => {
        response.writeHead(200, { "content-length": 1e12 });
        response.write("x");
      },
    ],
    [
      "an answer that decompresses to too much",
      (_request, response) =>
        void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000))),
    ],
    [
      "an answer without an end",
      (_request, response) => {
        const more = (): void =>
          void response.write(Buffer.alloc(16_384), (error) => error ?? setImmediate(more));
        more();
      },
    ],
  ])("%s is not read to its end", async (_, answer) => {
    const level = levelAt(await served(answer), { maxBytes: 20_000 });
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats()).toMatchObject({ failures: 1, timeouts: 0 });
    expect(level.stats().lastTrouble).toContain("more than 20000 bytes");
  });

  test.each<[string, () => Promise<string>]>([
    ["is silent", () => served(() => undefined)],
    [
      "is silent after the headers",
      () => served((_request, response) => response.writeHead(200).flushHeaders()),
    ],
    [
      "sends a byte now and then",
      () =>
        served((_request, response) => {
          response.writeHead(200, { "content-length": BYTES.length });
          let at = 0;
          const timer = setInterval(() => response.write(BYTES.subarray(at, ++at)), 20);
          response.on("close", () => clearInterval(timer));
        }),
    ],
    ["takes the connection and says nothing", () => spoken(() => undefined)],
  ])("that %s costs the timeout", async (_, start) => {
    const level = levelAt(await start(), {}, 400);
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats()).toMatchObject({ timeouts: 1, failures: 0, hits: 0 });
  });

  test.each<[string, (socket: Socket) => void]>([
    ["hangs up", (socket) => void socket.destroy()],
    ["speaks another language", (socket) => void socket.end("SSH-2.0-OpenSSH_9.6\r\n")],
    [
      "sends headers without end",
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(1 << 20)}`),
    ],
    ["sends noise", (socket) => void socket.end(randomBytes(5000))],
  ])("that %s is a failure", async (_, onSocket) => {
    const level = levelAt(await spoken(onSocket));
    expect(await level.get(ID)).toBeUndefined();
    expect(level.stats().failures + level.stats().timeouts).toBe(1);
    expect(level.stats().hits).toBe(0);
  });

  test("that does not exist is a failure, and soon is not asked any more", async () => {
    const base = await served(() => undefined);
    for (const close of closers.splice(0)) await close();
    const level = levelAt(base);
    for (let i = 0; i < 5; i++) expect(await level.get(ID)).toBeUndefined();
    expect(level.stats()).toMatchObject({ failures: 3, rested: 2 });
    expect(level.stats().lastTrouble).toContain("ECONNREFUSED");
  });

  test("that refuses puts loses only these puts", async () => {
    for (const status of [403, 413, 500, 302]) {
      const level = levelAt(
        await served((request, response) => {
          request.resume();
          response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
        }),
      );
      level.put(ID, BYTES);
      await level.close();
      expect(level.stats()).toMatchObject({ puts: 0, putsLost: 1, failures: 1 });
    }
  });
});

test.each(["", "programs", "ftp://host/x", "file:///tmp", "http://"])("%j is not an address", (base) => {
  expect(() => new HttpStore(base)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
});
