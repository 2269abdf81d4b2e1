/** The client beside daemons that fail: each is a socket that says what the test gives it. */
import { mkdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { byteText } from "../../base/index.ts";
import { DaemonGround } from "../../../test/support/daemons.ts";
import { ANSWER_TIMEOUT_MS, encodeDecline, encodeFrame, FRAME, HELD_BYTES_MAX } from "../protocol/index.ts";
import { askDaemon, type Outcome } from "./ask-daemon.ts";

let ground: DaemonGround;
let server: Server;
let written: string;
let told: string;
beforeEach(() => {
  ground = new DaemonGround();
  mkdirSync(ground.at.folder, { mode: 0o700 });
  [written, told] = ["", ""];
});
afterEach(async () => {
  vi.useRealTimers();
  await new Promise((resolve) => server?.close(resolve));
  await ground[Symbol.asyncDispose]();
});

/** A daemon that sends this when it was asked, and then closes the connection, if it is to. */
async function saying(frames: readonly Buffer[], close = true): Promise<void> {
  server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    server.once("hang up", () => socket.destroy());
    socket.once("data", () => {
      socket.write(Buffer.concat(frames));
      if (close) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(ground.at.socket, resolve));
}

function ask(changes: Parameters<DaemonGround["request"]>[0] = {}): Promise<Outcome> {
  return askDaemon(ground.at, ground.request(changes), {
    writeOut: (bytes) => (written += Buffer.from(bytes).toString()),
    writeError: (text) => (told += text),
  });
}

const accepted = encodeFrame(FRAME.accepted);
const output = (bytes: number): Buffer => encodeFrame(FRAME.output, Buffer.alloc(bytes, "x"));
const exit = encodeFrame(FRAME.exit, Buffer.from([0, 0, 0, 0]));

describe("an answer that ends early", () => {
  it.each([
    ["before it begins", []],
    ["after it was accepted", [accepted]],
    ["after all that is held back", [accepted, output(HELD_BYTES_MAX)]],
    ["in the middle of a frame", [accepted, output(1000).subarray(0, 600)]],
    ["in the middle of the last frame", [accepted, output(1000), exit.subarray(0, 11)]],
  ])("%s was not printed, and the client searches", async (_, frames) => {
    await saying(frames);
    expect(await ask()).toBe(frames.length === 0 ? "absent" : "declined");
    expect([written, told]).toEqual(["", ""]);
  });

  it.each([
    ["with the connection", []],
    ["with garbage", [Buffer.alloc(64, 0xff)]],
    ["with a decline", [encodeFrame(FRAME.declined, encodeDecline({ reason: "failed", text: "no more" }))]],
  ])("%s, and of which a part is printed, is an error", async (_, frames) => {
    await saying([accepted, output(HELD_BYTES_MAX + 1), output(10), ...frames]);
    await expect(ask()).rejects.toMatchObject({ code: "EW_DAEMON_DIED" });
    expect(written.length).toBe(HELD_BYTES_MAX + 11);
  });
});

it("garbage in the place of an answer leaves the search to the client", async () => {
  await saying([Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]);
  expect(await ask()).toBe("declined");
  expect([written, told]).toEqual(["", ""]);
});

it("frames of a kind that is not known are passed over", async () => {
  await saying([accepted, encodeFrame(99, Buffer.from("?")), output(3), exit], false);
  expect([await ask(), written]).toEqual([0, "xxx"]);
});

it("a daemon that accepts nothing is waited for no longer than is set", async () => {
  await saying([], false);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let outcome: Outcome | undefined;
  void ask().then((given) => (outcome = given));
  while (outcome === undefined) {
    vi.advanceTimersByTime(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(outcome).toBe("absent");
});

it.each([
  ["that hangs before anything is printed", HELD_BYTES_MAX - 8, "declined"],
  ["of which a part is printed is waited for", HELD_BYTES_MAX + 1, undefined],
])("an answer %s", async (_, bytes, expected) => {
  await saying([accepted, output(bytes)], false);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let outcome: Outcome | undefined;
  const asked = ask().then(
    (given) => (outcome = given),
    (error: unknown) => expect(error).toMatchObject({ code: "EW_DAEMON_DIED" }),
  );
  const isTold = (): boolean => (expected === undefined ? written.length === bytes : outcome !== undefined);
  for (let turn = 0; turn < 2000 && !isTold(); turn++) {
    vi.advanceTimersByTime(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  vi.advanceTimersByTime(2 * ANSWER_TIMEOUT_MS);
  await new Promise((resolve) => setImmediate(resolve));
  expect(outcome).toBe(expected);
  server.emit("hang up");
  await asked;
});

it("what its own output refuses ends it with that error", async () => {
  await saying([accepted, output(3), exit], false);
  const epipe = Object.assign(new Error("EPIPE"), { code: "EPIPE" });
  const client = {
    writeOut: () => {
      throw epipe;
    },
    writeError: () => undefined,
  };
  await expect(askDaemon(ground.at, ground.request(), client)).rejects.toBe(epipe);
});

it("text that Node could not decode is not sent: it would mean something else", async () => {
  await saying([accepted, exit], false);
  expect(await ask({ argv: ["foo\ufffdbar"] })).toBe("declined");
  expect(await ask({ argv: [byteText(Buffer.from("foo\xffbar", "latin1"))] })).toBe("declined");
  expect(await ask({ argv: ["foobar"] })).toBe(0);
});
