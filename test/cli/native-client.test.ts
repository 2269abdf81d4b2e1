/** The native client beside daemons that say anything, with the checks of the compiler; and how it is installed. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encodeDecline, encodeFrame, FRAME, HELD_BYTES_MAX } from "../../src/daemon/protocol/index.ts";
import { main } from "../../src/cli/command-line.ts";
import { Random } from "../support/cli-random-source.ts";
import { Dir } from "../support/cli.ts";
import { DaemonPlaceForTests } from "../support/daemon-process.ts";
import { captured } from "../support/environment.ts";
import { compileClient } from "../support/native-client.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const bin = new Dir("native");
const client = join(bin.path, "ew");
let missing: string | undefined;
beforeAll(() => {
  // In the place of everwarp: it says with what it was run.
  const program = join(bin.path, "program.cjs");
  writeFileSync(
    program,
    `console.log("alone", process.env.EVERWARP_DAEMON ?? "", JSON.stringify(process.argv.slice(2)));`,
  );
  missing = compileClient(client, program);
});
afterAll(() => bin.remove());

let place: DaemonPlaceForTests;
let server: Server;
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
  place = new DaemonPlaceForTests();
  mkdirSync(place.at.folder, { mode: 0o700 });
});
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  place[Symbol.dispose]();
});

/** A daemon that sends these bytes to whoever asks, and goes. @returns the requests */
async function saying(bytes: Uint8Array): Promise<Buffer[]> {
  const requests: Buffer[] = [];
  server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (request: Buffer) => {
      requests.push(request);
      socket.end(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(place.at.socket, resolve));
  return requests;
}

interface Ran {
  readonly code: number | string;
  readonly out: string;
  readonly errors: string;
}

async function run(words: readonly string[], env: Record<string, string> = {}, name = client): Promise<Ran> {
  const child = spawn(client, words, {
    argv0: name,
    env: { PATH: process.env["PATH"] ?? "", ...place.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = new Promise<number | string>((resolve) =>
    child.on("close", (code, signal) => resolve(signal ?? code ?? -1)),
  );
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), end]);
  return { code, out, errors };
}

const alone = (words: readonly string[], daemon = ""): Ran => ({
  code: 0,
  out: `alone ${daemon} ${JSON.stringify(words)}\n`,
  errors: "",
});
const output = (bytes: number): Buffer => encodeFrame(FRAME.output, Buffer.alloc(bytes, "x"));
const accepted = encodeFrame(FRAME.accepted);
const exit = (code: number): Buffer => encodeFrame(FRAME.exit, Buffer.from([code, 0, 0, 0]));

describe("without a daemon", () => {
  it("everwarp runs in its place, with the same words", async () => {
    expect(await run(["paths", "-x", "é"])).toEqual(alone(["paths", "-x", "é"]));
    expect(await run([])).toEqual(alone([]));
    expect(await run(["search", "a", ""])).toEqual(alone(["search", "a", ""], "never"));
    expect(await run(["-n", "a"], {}, "/usr/bin/rg")).toEqual(alone(["search", "-n", "a"], "never"));
  });

  it("everwarp is left to start one where it is to", async () => {
    expect(await run(["search", "a"], { EVERWARP_DAEMON: "auto" })).toEqual(alone(["search", "a"], "auto"));
    const words = ["search", "--daemon=auto", "a"];
    expect(await run(words)).toEqual(alone(words));
  });

  it("a folder that is open to others is not believed", async () => {
    const requests = await saying(Buffer.concat([accepted, output(3), exit(0)]));
    chmodSync(place.at.folder, 0o701);
    expect(await run(["search", "a"])).toEqual(alone(["search", "a"], "never"));
    expect(requests).toEqual([]);
  });
});

describe("an answer", () => {
  it("comes through, with its exit code", async () => {
    const requests = await saying(
      Buffer.concat([
        accepted,
        output(3),
        encodeFrame(FRAME.errors, Buffer.from("oh\n")),
        output(2),
        exit(1),
      ]),
    );
    expect(await run(["search", "needle"])).toEqual({ code: 1, out: "xxxxx", errors: "oh\n" });
    expect(requests).toHaveLength(1);
    const large = Buffer.concat([accepted, ...Array.from({ length: 40 }, () => output(2 ** 20)), exit(0)]);
    await new Promise((resolve) => server.close(resolve));
    await saying(large);
    const { code, out } = await run(["search", "needle"]);
    expect([code, out.length]).toEqual([0, 40 * 2 ** 20]);
  });

  it.each([
    ["nothing at all", []],
    ["a part that is held back", [accepted, output(HELD_BYTES_MAX - 8)]],
    ["a decline", [encodeFrame(FRAME.declined, encodeDecline({ reason: "notHeld", text: "" }))]],
    ["a short decline", [encodeFrame(FRAME.declined, Buffer.from([3, 0, 0]))]],
    ["a frame above the limit", [accepted, Buffer.from([255, 255, 255, 255, 17, 0, 0, 0])]],
    ["an exit of another length", [accepted, encodeFrame(FRAME.exit, Buffer.alloc(3))]],
  ])("that is %s leaves the search to everwarp, and nothing is printed", async (_, frames) => {
    await saying(Buffer.concat(frames));
    expect(await run(["search", "needle"])).toEqual(alone(["search", "needle"], "never"));
  });

  it.each([
    ["ends", []],
    ["turns into garbage", [Buffer.alloc(99, 0xfe)]],
    ["is declined", [encodeFrame(FRAME.declined, encodeDecline({ reason: "failed", text: "no" }))]],
  ])("of which a part is printed and that %s gives exit code 2", async (_, frames) => {
    await saying(Buffer.concat([accepted, output(HELD_BYTES_MAX + 1), ...frames]));
    const { code, out, errors } = await run(["search", "needle"]);
    expect([code, out.length]).toEqual([2, HELD_BYTES_MAX + 1]);
    expect(errors).toMatch(/^everwarp: .*\[EW_DAEMON_DIED\]\n$/);
  });

  it("of random bytes and frames is survived", async () => {
    const seed = propertySeed();
    const random = new Random(seed);
    for (let count = 0; count < propertyRuns(25).numRuns; count++) {
      await saying(randomAnswer(random));
      const { code, errors } = await run(["search", "needle"]);
      expect(errors, `seed ${seed}`).not.toMatch(/Sanitizer|runtime error/);
      expect(typeof code, `seed ${seed}: ${code}`).toBe("number");
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("is not asked for with more words than a request holds", async () => {
    const requests = await saying(Buffer.concat([accepted, exit(0)]));
    const words = ["search", ...Array.from({ length: 12 }, () => "x".repeat(100_000))];
    expect(await run(words)).toEqual(alone(words, "never"));
    expect(requests).toEqual([]);
  });
});

function randomAnswer(random: Random): Buffer {
  const parts = Array.from({ length: 1 + random.below(6) }, () => {
    const payload = Buffer.from(Array.from({ length: random.below(64) }, () => random.below(256)));
    const frame = encodeFrame(random.pick([16, 17, 18, 19, 20, 21, random.below(2 ** 31)]), payload);
    if (random.once(5)) frame.writeUInt32LE(random.below(2 ** 31), 0);
    return random.once(6) ? payload : random.once(4) ? output(random.below(90_000)) : frame;
  });
  const all = Buffer.concat(parts);
  return random.once(3) ? all.subarray(0, random.below(all.length + 1)) : all;
}

describe("everwarp client install", () => {
  const install = async (words: string[], env: Record<string, string> = {}): Promise<Ran> => {
    const { environment, out, errors } = captured({ env: { PATH: join(bin.path, "installed"), ...env } });
    const code = await main(["client", "install", ...words], environment);
    return { code, out: out(), errors: errors() };
  };

  it("puts a program where it is told to, again and again, and over nothing else", async () => {
    const folder = join(bin.path, "installed");
    mkdirSync(folder);
    for (let count = 0; count < 2; count++)
      expect(await install([folder])).toEqual({ code: 0, out: `${join(folder, "ew")}\n`, errors: "" });
    expect(statSync(join(folder, "ew")).mode & 0o777).toBe(0o755 & ~process.umask());
    expect((await install([join(folder, "rg")])).code).toBe(0);
    writeFileSync(join(folder, "mine"), "#!/bin/sh\n");
    expect(await install([join(folder, "mine")])).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/is no client of everwarp.*\[EW_PATH_UNWRITABLE\]/),
    });
  });

  it("makes the folder that it is told, and says where a shell would not find it", async () => {
    const target = join(bin.path, "new", "folders", "ew");
    expect(await install([target])).toEqual({
      code: 0,
      out: `${target}\n`,
      errors: `everwarp: ${join(bin.path, "new", "folders")} is not in PATH, so call it by its path\n`,
    });
    expect(statSync(target).isFile()).toBe(true);
  });

  it("says what to do where there is no compiler, or where it fails", async () => {
    expect(await install([join(bin.path, "none")], { CC: "no-such-compiler" })).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/no-such-compiler is not installed\. Install one.*\[EW_NO_COMPILER\]/),
    });
    expect(await install([join(bin.path, "none")], { CC: "false" })).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/false failed.*\[EW_NO_COMPILER\]/),
    });
  });

  it.each([[[]], [["remove"]], [["install", "a", "b"]]])("refuses %j", async (words) => {
    const { environment, errors } = captured();
    expect(await main(["client", ...words], environment)).toBe(2);
    expect(errors()).toMatch(/EW_BAD_ARGUMENT/);
  });
});
