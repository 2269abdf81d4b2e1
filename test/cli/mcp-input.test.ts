/** `everwarp mcp`: input of every bad kind, paths that lead out, cancelling, and how the server ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, runRipgrep } from "../support/cli.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { childrenOf, McpSession, splitAnswer } from "../support/mcp-session.ts";
import { until } from "../support/patience.ts";

const outside = new Dir("mcp-outside").file("secret.txt", "needle outside\n");
const dir = new Dir("mcp-input")
  .file("a.txt", "needle\n")
  .file("sub/b.txt", "needle\n")
  .file("binary", "text\nand\0NUL\n")
  .link("out", outside.path)
  .link("out.txt", join(outside.path, "secret.txt"))
  .link("dangling", join(outside.path, "nothing"));
// A terabyte of nothing takes a search long enough to be ended before it is done.
writeFileSync(join(dir.path, "huge"), "");
truncateSync(join(dir.path, "huge"), 2 ** 40);
const ENDLESS = { pattern: "needle", paths: ["huge", "sub"] };

let agent: McpSession;
beforeAll(async () => {
  agent = await McpSession.open(dir.path);
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  dir.remove();
  outside.remove();
});

/** The tool, what it is given, the code of the error, and what the error tells to do. */
const BAD: readonly [string, Record<string, unknown>, RegExp, RegExp][] = [
  ["search", { pattern: "foo(" }, /EW_BAD_PATTERN/, /unclosed group[^]*fixedStrings/],
  ["search", { pattern: "(?=a)" }, /EW_BAD_PATTERN/, /look-around[^]*fixedStrings/],
  ["search", { pattern: "a\nb" }, /EW_BAD_PATTERN/, /fixedStrings/],
  ["search", { pattern: "x", types: ["nope"] }, /EW_BAD_FLAG_VALUE/, /nope[^]*globs/],
  ["search", { pattern: "x", globs: ["{a"] }, /EW_BAD_FLAG_VALUE/, /\{a[^]*Mend the glob/],
  ["search", { pattern: "x", paths: ["nothing"] }, /EW_PATH_NOT_FOUND/, /"nothing"[^]*files tool/],
  ["search", { pattern: "x", paths: ["a.txt/below"] }, /EW_PATH_NOT_FOUND/, /files tool/],
  ["search", { pattern: "x", cursor: "garbage" }, /EW_BAD_ARGUMENT/, /cursor[^]*begin anew/],
  ["search", {}, /validation/, /pattern/],
  ["search", { pattern: "" }, /validation/, /pattern/],
  ["search", { pattern: [] }, /validation/, /pattern/],
  ["search", { pattern: "a\0b" }, /validation/, /NUL/],
  ["search", { pattern: 7 }, /validation/, /string/],
  ["search", { pattern: "x", maxBytes: 1 }, /validation/, /maxBytes[^]*500/],
  ["search", { pattern: "x", contextAfter: -1 }, /validation/, /contextAfter/],
  ["search", { pattern: "x", show: "everything" }, /validation/, /show[^]*counts/],
  ["search", { pattern: "x", path: "src" }, /validation/, /no parameter path[^]*paths, globs/],
  ["files", { pattern: "x" }, /validation/, /no parameter pattern/],
  ["files", { globs: ["[b-a]"] }, /EW_BAD_FLAG_VALUE/, /Mend the glob/],
  ["files", { cursor: "" }, /EW_BAD_ARGUMENT/, /cursor/],
  ["read_lines", { path: "sub" }, /EW_BAD_ARGUMENT/, /a folder[^]*files tool/],
  ["read_lines", { path: "" }, /validation/, /path/],
  ["read_lines", { path: "binary" }, /EW_BAD_ARGUMENT/, /binary file[^]*offset 8/],
  ["read_lines", { path: "a.txt", from: 5, to: 4 }, /EW_BAD_ARGUMENT/, /to is 4, and from is 5/],
  ["read_lines", { path: "a.txt", from: 0 }, /validation/, /from/],
  ["paths", { paths: [] }, /validation/, /paths/],
  ["paths", { paths: ["a\0"] }, /validation/, /NUL/],
  ["paths", { paths: ["a"], root: "sub" }, /EW_BAD_ARGUMENT/, /Choose among/],
];

describe("bad input", () => {
  it.for(BAD)("is answered with what to do: %s %j", async ([name, given, code, advice]) => {
    const { text: answer, isError } = await agent.call(name, given);
    expect(isError).toBe(true);
    expect(answer).toMatch(code);
    expect(answer).toMatch(advice);
    expect(answer).not.toMatch(/^\s+at /m);
  });

  it.for([
    "../",
    "..",
    outside.path,
    join(outside.path, "secret.txt"),
    join(outside.path, "nothing"),
    "out",
    "out/secret.txt",
    "out.txt",
    "out/../secret.txt",
    "sub/../../x",
    "/",
    "/etc/passwd",
  ])("a path that leads out is refused: %s", async (path) => {
    for (const [name, given] of [
      ["search", { pattern: "needle", paths: [path] }],
      ["files", { paths: [path] }],
      ["read_lines", { path }],
    ] as const) {
      const { text: answer, isError } = await agent.call(name, given);
      expect(isError).toBe(true);
      expect(answer).toMatch(
        /leads out of the folders that may be read\. Name a path below .*EW_PATH_OUTSIDE/,
      );
      expect(answer).not.toContain("needle outside");
    }
  });

  it("what is outside is not found through links either", async () => {
    const answer = await agent.text("search", { pattern: "needle", globs: ["!huge"] });
    expect(splitAnswer(answer).body).toBe("a.txt\n1:needle\n\nsub/b.txt\n1:needle");
    expect(runRipgrep(dir.path, ["-l", "needle", "-g!huge", "--sort=path"]).stdout.toString()).toBe(
      "a.txt\nsub/b.txt\n",
    );
    expect(await agent.text("paths", { paths: ["out/secret.txt"] })).toMatch(/ENOENT\tout\/secret\.txt/);
  });

  it("a cursor of another query is refused", async () => {
    const { cursor } = splitAnswer(await agent.text("files", { maxBytes: 500, globs: Array(0) }));
    expect(cursor).toBeUndefined();
    const many = new Dir("mcp-many");
    for (let file = 0; file < 100; file++) many.file(`file-${file}`, "x\n");
    await using there = await McpSession.open(many.path);
    const given = { pattern: "x", show: "files", maxBytes: 500 };
    const first = splitAnswer(await there.text("search", given));
    expect(first.cursor).toBeDefined();
    for (const other of [{ pattern: "y" }, { hidden: true }, { paths: ["file-1"] }]) {
      const { text: answer, isError } = await there.call("search", {
        ...given,
        ...other,
        cursor: first.cursor,
      });
      expect(isError).toBe(true);
      expect(answer).toMatch(/is none of this query\. Repeat all arguments/);
    }
    many.remove();
  });

  it("arguments that no command can take are refused", async () => {
    const pattern = Array.from({ length: 100 }, (_, index) => `${index}`.repeat(15_000));
    const { text: answer, isError } = await agent.call("search", { pattern });
    expect(isError).toBe(true);
    expect(answer).toMatch(
      /longer than the system allows\. Give fewer or shorter patterns.*EW_REQUEST_TOO_LARGE/,
    );
    const { text: long } = await agent.call("search", { pattern: "x", paths: ["a".repeat(4_000)] });
    expect(long).toMatch(/cannot be reached \(ENAMETOOLONG\)\. Choose another path\. \[EW_PATH_UNREADABLE\]/);
  });

  it("a tool that does not exist is an error of the protocol", async () => {
    await expect(agent.call("write", {})).rejects.toThrow(/write/);
  });
});

describe("several folders", () => {
  it("are searched in their order, by absolute paths", async () => {
    const sub = join(dir.path, "sub");
    await using there = await McpSession.open("/", [outside.path, sub, join(sub, ".")]);
    expect(await there.body("search", { pattern: "needle" })).toBe(
      `${outside.path}/secret.txt\n1:needle outside\n\n${sub}/b.txt\n1:needle`,
    );
    expect(await there.text("read_lines", { path: join(sub, "b.txt") })).toMatch(/\n1:needle$/);
    expect((await there.call("read_lines", { path: "b.txt" })).text).toMatch(/is not absolute/);
    expect((await there.call("read_lines", { path: join(dir.path, "a.txt") })).text).toMatch(
      /EW_PATH_OUTSIDE/,
    );
    expect((await there.call("paths", { paths: ["b.txt"] })).text).toMatch(/root is missing/);
    expect(await there.text("paths", { paths: ["b.txt"], root: sub })).toMatch(/file\tb\.txt/);
  });
});

describe("cancelling", () => {
  it("ends the search at once, and the server answers the next call", async () => {
    const ending = new AbortController();
    const call = agent.call("search", ENDLESS, ending.signal);
    await until(() => childrenOf(agent.pid).length > 0);
    ending.abort();
    await expect(call).rejects.toThrow();
    await until(() => childrenOf(agent.pid).length === 0);
    expect(await agent.body("search", { pattern: "needle", paths: ["a.txt"] })).toBe("a.txt\n1:needle");
  });

  it("more calls than run at a time wait for their turn, and can be cancelled while they wait", async () => {
    const ending = new AbortController();
    const calls = Array.from({ length: 10 }, () => agent.call("search", ENDLESS, ending.signal));
    const settled = Promise.allSettled(calls);
    await until(() => childrenOf(agent.pid).length >= 4);
    expect(childrenOf(agent.pid)).toHaveLength(4);
    ending.abort();
    expect((await settled).map(({ status }) => status)).toEqual(Array(10).fill("rejected"));
    await until(() => childrenOf(agent.pid).length === 0);
    const answers = Array.from({ length: 10 }, () =>
      agent.body("search", { pattern: "needle", paths: ["a.txt"] }),
    );
    expect(await Promise.all(answers)).toEqual(Array(10).fill("a.txt\n1:needle"));
  });
});

describe("the process", () => {
  const REQUESTS = {
    begin: {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
    },
    endless: { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "search", arguments: ENDLESS } },
    list: { jsonrpc: "2.0", id: 3, method: "tools/list" },
  };

  async function startServer(args: readonly string[] = []) {
    const child = spawn(process.execPath, [await bundledCommandLine(), "mcp", ...args], {
      cwd: dir.path,
      env: { ...process.env, EVERWARP_DAEMON: "off" },
      stdio: "pipe",
    });
    const send = (message: unknown): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
    const exit = once(child, "exit") as Promise<[number | null, string | null]>;
    return { child, send, exit, out: text(child.stdout), errors: text(child.stderr) };
  }

  it.for(["end of input", "SIGTERM", "SIGINT"])("ends with %s, and its searches with it", async (how) => {
    const { child, send, exit, out } = await startServer();
    send(REQUESTS.begin);
    send(REQUESTS.endless);
    const pid = child.pid!;
    await until(() => childrenOf(pid).length > 0);
    const searches = childrenOf(pid);
    if (how === "end of input") child.stdin.end();
    else child.kill(how as NodeJS.Signals);
    expect(await exit).toEqual(how === "end of input" ? [0, null] : [null, how]);
    await until(() => searches.every((search) => !isRunning(search)));
    const messages = (await out).trim().split("\n");
    expect(messages.map((message) => JSON.parse(message).id)).toEqual([1]);
  });

  it("goes on after messages that are none", async () => {
    const { child, send, exit, out, errors } = await startServer();
    send(REQUESTS.begin);
    child.stdin.write("this is no JSON\n\n{}\n[1,2]\n");
    send(REQUESTS.list);
    const answers: string[] = [];
    child.stdout.on("data", (chunk: Buffer) => answers.push(chunk.toString()));
    await until(() => /"id":3/.test(answers.join("")));
    child.stdin.end();
    expect(await exit).toEqual([0, null]);
    const ids = (await out)
      .trim()
      .split("\n")
      .map((message) => JSON.parse(message).id);
    expect(ids).toContain(3);
    expect(await errors).not.toMatch(/^\s+at /m);
  });

  it("does not start where a folder is none", async () => {
    for (const [folder, message] of [
      ["nothing", /"nothing" does not exist.*EW_PATH_NOT_FOUND/],
      ["a.txt", /"a\.txt" is no folder.*EW_BAD_ARGUMENT/],
      ["--bogus", /bogus.*everwarp mcp --help/],
    ] as const) {
      const { exit, out, errors } = await startServer([folder]);
      expect(await exit).toEqual([2, null]);
      expect(await out).toBe("");
      expect(await errors).toMatch(message);
    }
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
