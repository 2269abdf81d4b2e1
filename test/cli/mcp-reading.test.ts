/** `everwarp mcp` through the official SDK's client: lines by their numbers, and paths. */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir } from "../support/cli.ts";
import { McpSession } from "../support/mcp-session.ts";

const dir = new Dir("mcp-reading")
  .file("long.txt", Array.from({ length: 1_000 }, (_, line) => `line ${line + 1}\n`).join(""))
  .file("no-end.txt", "one\n\nthree")
  .file("crlf.txt", "one\r\ntwo\r\n")
  .file("utf16.txt", Buffer.from("\ufeffeins\nzwei ünï\n", "utf16le"))
  .file("empty", "")
  .file("binary", "text\nand\0NUL\n")
  .file("one-line.txt", "x".repeat(50_000))
  .file(".hidden", "hidden\n")
  .file("sub/file.txt", "below\n")
  .link("link", "sub")
  .link("dangling", "nowhere")
  .link("loop", "loop");
let agent: McpSession;
beforeAll(async () => {
  agent = await McpSession.open(dir.path);
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  dir.remove();
});

const read = (path: string, more: Record<string, unknown> = {}): Promise<string> =>
  agent.text("read_lines", { path, ...more });

describe("read_lines", () => {
  it("gives lines with their numbers", async () => {
    expect(await read("long.txt", { from: 7, to: 9 })).toBe(
      "long.txt, lines 7 to 9. More follows: from: 10.\n\n7:line 7\n8:line 8\n9:line 9",
    );
    expect(await read("long.txt", { from: 999 })).toBe(
      "long.txt, lines 999 to 1000. The file ends there.\n\n999:line 999\n1000:line 1000",
    );
    expect(await read("no-end.txt")).toBe(
      "no-end.txt, lines 1 to 3. The file ends there.\n\n1:one\n2:\n3:three",
    );
    expect(await read("crlf.txt", { to: 2 })).toBe(
      "crlf.txt, lines 1 to 2. The file ends there.\n\n1:one\n2:two",
    );
  });

  it("decodes as search does", async () => {
    expect(await read("utf16.txt", { from: 2, to: 2 })).toMatch(/\n2:zwei ünï$/);
    expect(await agent.text("search", { pattern: "ünï" })).toMatch(/\n2:zwei ünï$/);
  });

  it("gives a whole file in pieces that fit", async () => {
    const lines: string[] = [];
    let pieces = 0;
    for (let from: number | undefined = 1; from !== undefined; pieces++) {
      const piece: string = await read("long.txt", { from, to: 1_000_000, maxBytes: 3_000 });
      expect(Buffer.byteLength(piece)).toBeLessThan(3_200);
      lines.push(
        ...piece
          .split("\n")
          .slice(2)
          .map((line) => line.replace(/^\d+:/, "")),
      );
      const [, next] = /^[^\n]*from: (\d+)\./.exec(piece) ?? [];
      from = next === undefined ? undefined : Number(next);
    }
    expect(pieces).toBeGreaterThan(3);
    expect(`${lines.join("\n")}\n`).toBe(readFileSync(join(dir.path, "long.txt"), "utf8"));
  });

  it("reads hidden files, and files by absolute paths and through links", async () => {
    expect(await read(".hidden")).toMatch(/\n1:hidden$/);
    expect(await read(join(dir.path, "sub/file.txt"))).toMatch(/^sub\/file\.txt, [^]*\n1:below$/);
    expect(await read("link/file.txt")).toMatch(/\n1:below$/);
    expect(await read("sub/../sub/file.txt")).toMatch(/\n1:below$/);
  });

  it("says what is so where there is nothing to show", async () => {
    expect(await read("empty")).toBe("empty is empty.");
    expect(await read("no-end.txt", { from: 9 })).toBe("no-end.txt has 3 lines; there is no line 9.");
    const long = await read("one-line.txt", { maxBytes: 1_000 });
    expect(long).toMatch(/\n1:x{1000} \[… 49000 characters\]$/);
  });
});

describe("paths", () => {
  const PATHS = [
    "sub/file.txt",
    "link",
    "link/file.txt",
    "dangling",
    "loop",
    "nothing",
    "sub/file.txt/",
    ".hidden",
  ];

  it.for([true, false])(
    "tells what each path names, as the system does (links followed: %s)",
    async (follow) => {
      const expected = PATHS.map((path) => {
        try {
          const stats = (follow ? statSync : lstatSync)(`${dir.path}/${path}`);
          return `${stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "symlink" : "file"}\t${path}`;
        } catch (error) {
          return `${(error as NodeJS.ErrnoException).code}\t${path}`;
        }
      });
      const found = expected.filter((line) => !/^E[A-Z]+\t/.test(line)).length;
      const answer = await agent.text("paths", { paths: PATHS, followSymlinks: follow });
      expect(answer).toBe([`${PATHS.length} paths, ${found} of them found.`, "", ...expected].join("\n"));
    },
  );

  it("takes very many, with odd names", async () => {
    const paths = Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? "empty" : `no\n${index}`));
    const answer = await agent.text("paths", { paths });
    expect(answer).toMatch(/^2,000 paths, 1000 of them found\./);
    expect(answer.match(/^ENOENT\tno$/gm)).toHaveLength(1_000);
  });
});
