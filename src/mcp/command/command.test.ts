import { describe, expect, it } from "vitest";
import { until } from "../../../test/support/patience.ts";
import { commandError, CommandRunner, eachRecord, kindOf, messagesOf } from "./index.ts";

async function* pieces(text: string, lengthBytes: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += lengthBytes) yield bytes.subarray(at, at + lengthBytes);
}

describe("records", () => {
  it("are the same however the output is cut", async () => {
    for (const length of [1, 2, 3, 5, 100]) {
      const records: string[] = [];
      await eachRecord(pieces("one\n\nthrée\nrest", length), 0x0a, (record) => {
        records.push(record.toString());
      });
      expect(records).toEqual(["one", "", "thrée", "rest"]);
    }
  });

  it("have a limit, whatever stood before them", async () => {
    const read = (text: string): Promise<void> => eachRecord(pieces(text, 3), 0x0a, () => true, 10);
    await read("0123456789\n0123456789\n");
    await expect(read(`a\n${"x".repeat(20)}`)).rejects.toMatchObject({ code: "EW_REQUEST_TOO_LARGE" });
  });

  it("end when no more are wanted", async () => {
    let count = 0;
    await eachRecord(pieces("a\nb\nc\n", 1), 0x0a, () => ++count < 2);
    expect(count).toBe(2);
  });
});

describe("messages of a search", () => {
  it("are told apart by how they begin", () => {
    const summary = '{"data":{"stats":{"searches":1}},"type":"summary"}';
    for (const kind of ["begin", "match", "context", "end"])
      expect(kindOf(Buffer.from(`{"type":"${kind}","data":{}}`))).toBe(kind);
    expect(kindOf(Buffer.from(summary))).toBe("summary");
    expect(kindOf(Buffer.from(""))).toBe("summary");
  });
});

describe("what a command says at its end", () => {
  const remedy = (): string => "Do this";

  it("is an error where it ends with a code", () => {
    const errors =
      "everwarp: a.txt: Permission denied (os error 13)\neverwarp: bad:\n  pattern [EW_BAD_PATTERN]\n";
    const error = commandError({ code: 2, errors }, remedy);
    expect(error).toMatchObject({ code: "EW_BAD_PATTERN", message: "bad:\n  pattern. Do this" });
  });

  it("is no error where it is about single files", () => {
    const end = { code: 2, errors: "everwarp: a.txt: Permission denied (os error 13)\n" };
    expect(commandError(end, remedy)).toBeUndefined();
    expect(messagesOf(end)).toEqual(["a.txt: Permission denied (os error 13)"]);
    expect(commandError({ code: 1, errors: "" }, remedy)).toBeUndefined();
  });

  it("is an error where the command did not come to its end", () => {
    expect(commandError({ code: undefined, errors: "" }, remedy)).toMatchObject({ code: "EW_WORKER_DIED" });
    const crash = { code: 2, errors: "everwarp: TypeError: x is not a function\n    at y\n" };
    expect(commandError(crash, remedy)).toMatchObject({ code: "EW_WORKER_DIED" });
  });
});

describe("a runner", () => {
  const node = (script: string): CommandRunner => new CommandRunner([process.execPath, "-e", script], "/");
  const signal = new AbortController().signal;

  it("gives a command its input, and gives back its output and its end", async () => {
    const runner = node("process.stdin.pipe(process.stdout); console.error('said'); process.exitCode = 1");
    const [output, end] = await runner.run([], { signal, stdin: "given" }, async (command) => {
      const texts: string[] = [];
      for await (const piece of command.output) texts.push(piece.toString());
      return [texts.join(""), await command.ended] as const;
    });
    expect(output).toBe("given");
    expect(end).toEqual({ code: 1, errors: "said\n" });
  });

  it("ends a command that is cancelled, also one that does not want to", async () => {
    const runner = node("process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)");
    const ending = new AbortController();
    const call = runner.run([], { signal: ending.signal }, async (command) => {
      for await (const piece of command.output) if (piece.toString() === "ready\n") ending.abort();
      return command.ended;
    });
    await expect(call).rejects.toMatchObject({ code: "EW_ABORTED" });
  });

  it("ends a command whose output is not wanted any more", async () => {
    const runner = node("setInterval(() => console.log('more'), 1)");
    const end = await runner.run([], { signal }, async (command) => {
      await eachRecord(command.output, 0x0a, () => false);
      command.stop();
      return command.ended;
    });
    expect(end.code).toBeUndefined();
  });

  it("ends everything when it is closed", async () => {
    const runner = node("console.log('ready'); setInterval(() => {}, 1000)");
    const end = await runner.run([], { signal }, async (command) => {
      await eachRecord(command.output, 0x0a, () => runner.close());
      return command.ended;
    });
    expect(end.code).toBeUndefined();
  });

  it("runs four commands at a time, and the next when one has ended", async () => {
    const runner = node("setInterval(() => {}, 1000)");
    let running = 0;
    let most = 0;
    const open: (() => void)[] = [];
    const calls = Array.from({ length: 9 }, () =>
      runner.run([], { signal }, async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => open.push(resolve));
        running--;
      }),
    );
    for (let ended = 0; ended < calls.length; ended++) {
      await until(() => open.length > 0);
      open.shift()!();
    }
    await Promise.all(calls);
    expect([most, running]).toEqual([4, 0]);
  });

  it("gives its place away where no process starts", async () => {
    const runner = new CommandRunner(["/nonexistent/program"], "/");
    const calls = Array.from({ length: 9 }, () => runner.run([], { signal }, async () => 0));
    for (const call of await Promise.allSettled(calls)) expect(call.status).toBe("rejected");
  });

  it("keeps the beginning of what a command says", async () => {
    const runner = node("console.error('first'); console.error('x'.repeat(2 ** 22)); console.error('last')");
    const end = await runner.run([], { signal }, async (command) => {
      await eachRecord(command.output, 0x0a, () => true);
      return command.ended;
    });
    expect(end.errors).toMatch(/^first\n/);
    expect(end.errors.length).toBeLessThan(2 ** 20);
  });

  it("says so where no process starts", async () => {
    const runner = new CommandRunner(["/nonexistent/program"], "/");
    await expect(runner.run([], { signal }, async () => 0)).rejects.toMatchObject({ code: "EW_WORKER_DIED" });
  });
});
