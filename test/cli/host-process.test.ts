import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const sources = fileURLToPath(new URL("../../src/", import.meta.url));
const loader = fileURLToPath(new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "everwarp-process-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  writeFileSync(join(folder, "text"), Buffer.alloc(30_000_000, "some text\n"));
});

/** Runs a program with an engine that has a corpus of 30 MB in it. @param then what it does last */
async function run(
  then: string,
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
) {
  const program = join(folder, `program-${Math.random()}.mts`);
  writeFileSync(
    program,
    `import { scanPlan } from "${sources}search/backend/index.ts";
     import { Corpus } from "${sources}search/corpus/corpus.ts";
     import { HostBackend } from "${sources}search/host/host-backend.ts";
     const engine = await HostBackend.open({ threads: 2 });
     const loaded = await engine.load(Corpus.fromFiles([{ path: "${join(folder, "text")}", explicit: false }]));
     const literals = [{ bytes: new Uint8Array(Buffer.from("text")), ignoreAsciiCase: false }];
     console.log("loaded");
     ${then}`,
  );
  const child = spawn(process.execPath, ["--import", loader, program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    onLine(text, (signal) => child.kill(signal));
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...result) => resolve(result));
  });
  return { code, signal, output };
}

describe("a process with a host engine", () => {
  it("ends by itself when the engine is idle, even if it was never closed", async () => {
    expect(await run("")).toMatchObject({ code: 0, output: "loaded\n" });
  });

  it("lives as long as someone waits for an answer", async () => {
    const { code, output } = await run(`
      const ticket = engine.submit(scanPlan(literals), { corpus: loaded });
      void ticket.wait().then(() => console.log(ticket.result().count));`);
    expect({ code, output }).toEqual({ code: 0, output: "loaded\n3000000\n" });
  });

  it("ends by itself when threads that verify are idle, and not before", async () => {
    const { code, output } = await run(`
      const { SearchEngine } = await import("${sources}search/engine/index.ts");
      const corpus = Corpus.fromFiles([{ path: "${join(folder, "text")}", explicit: false }]);
      const searches = await SearchEngine.open({ device: "cpu", threads: 2, corpus });
      const query = { pattern: "(a|b)*a(a|b){20}|some$|[x-z]t$" }; // has no automaton
      void searches.search(query).then((result) => console.log(result.count));`);
    expect({ code, output }).toEqual({ code: 0, output: "loaded\n3000000\n" });
  });

  it("ends at once on SIGINT, in the midst of queries that it waits for", async () => {
    const { signal } = await run(
      `console.log("busy"); for (;;) engine.submit(scanPlan(literals), { corpus: loaded }).waitSync(60_000);`,
      (line, kill) => {
        if (line.includes("busy")) kill("SIGINT");
      },
    );
    expect(signal).toBe("SIGINT");
  });
});
