/**
 * Measures `everwarp live` from key to frame, through a real pseudo-terminal.
 *
 *   npx tsx bench/live.ts TREE [--rounds N] [--pause MS] [--rg PATH] [--device D]      one JSON document
 *
 * A key is written into the pseudo-terminal. The time ends when the last byte of the frame with its hits was read from
 * there: the key is in the first line, and the status line, which tells the times of this very answer, was drawn anew.
 * What this process needs to notice that counts, too. After each word the number of hits on the screen is compared with
 * ripgrep's. Needs a built `dist/`.
 */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ReadStream } from "node:tty";
import { parseArgs } from "node:util";
import koffi from "koffi";
import { packageRoot } from "../src/base/package-root.ts";

const COLUMNS = 80;
const ROWS = 24;
/** Words that somebody types, key by key: common and rare ones, some that are nowhere, some regexes. */
const WORDS = [
  "function",
  "buffer",
  "return",
  "virtual",
  "TODO",
  "zzqqxxyy",
  "include <std",
  "size_t",
  "get[A-Z]\\w+",
  "(read|write)_lock",
];
const CLEAR_KEY = "\x15";
const END_OF_FRAME = "\x1b[?2026l";
/** After this time there is no answer. */
const PATIENCE_MS = 30_000;

/** The two ends of a new pseudo-terminal. */
function openTerminal(): { master: number; slave: number } {
  const openpty = koffi
    .load("libc.so.6")
    .func("int openpty(_Out_ int *master, _Out_ int *slave, void *name, void *modes, const uint16_t *size)");
  const master = [0];
  const slave = [0];
  const size = new Uint16Array([ROWS, COLUMNS, 0, 0]);
  if (openpty(master, slave, null, null, size) !== 0) throw new Error("no pseudo-terminal could be opened");
  return { master: master[0]!, slave: slave[0]! };
}

/** What `everwarp live` draws, as far as it uses the terminal: lines that begin at a place. */
class Screen {
  readonly rows = Array.from({ length: ROWS }, () => "");
  /** How often the status line was drawn. */
  statusCount = 0;
  frameCount = 0;
  #rest = "";

  push(text: string): void {
    this.#rest += text;
    for (let end; (end = this.#rest.indexOf(END_OF_FRAME)) >= 0;) {
      this.#frame(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end + END_OF_FRAME.length);
      this.frameCount++;
    }
  }

  #frame(text: string): void {
    for (const part of text.split("\x1b[").slice(1)) {
      const [order = "", row] = /^(?:(\d+);\d+H|[?0-9;]*[A-Za-z])/.exec(part) ?? [];
      if (row !== undefined) this.#row = Number(row) - 1;
      if (order === "K") {
        this.rows[this.#row] = "";
        if (this.#row === ROWS - 1) this.statusCount++;
      }
      this.rows[this.#row] += part.slice(order.length);
    }
  }

  #row = 0;
}

/** A session of `everwarp live` in a pseudo-terminal. */
class Session {
  readonly screen = new Screen();
  readonly #master: number;
  readonly #stream: ReadStream;
  readonly #child;
  #waiter: (() => void) | undefined;

  constructor(tree: string, device: string) {
    const { master, slave } = openTerminal();
    this.#master = master;
    const program = join(packageRoot(), "bin/everwarp.cjs");
    const env = { ...process.env, TERM: "xterm-256color", XDG_STATE_HOME: "/nonexistent" };
    this.#child = spawn(process.execPath, [program, "live", "--device", device, tree], {
      stdio: [slave, slave, slave],
      env,
      detached: true,
    });
    closeSync(slave);
    this.#stream = new ReadStream(master);
    this.#stream.on("error", () => undefined); // the other end is closed: the session has ended
    this.#stream.setEncoding("utf8").on("data", (text: string) => {
      this.screen.push(text);
      this.#waiter?.();
    });
  }

  /** @returns milliseconds until it is so */
  async press(key: string, isSo: (screen: Screen) => boolean): Promise<number> {
    const begunMs = performance.now();
    writeSync(this.#master, key);
    return this.until(isSo, begunMs);
  }

  until(isSo: (screen: Screen) => boolean, begunMs = performance.now()): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.close();
        reject(new Error(`no answer within ${PATIENCE_MS} ms; the screen:\n${this.screen.rows.join("\n")}`));
      }, PATIENCE_MS);
      const look = (): void => {
        if (!isSo(this.screen)) return;
        const ms = performance.now() - begunMs;
        this.#waiter = undefined;
        clearTimeout(timer);
        resolve(ms);
      };
      this.#waiter = look;
      look();
    });
  }

  close(): void {
    this.#child.kill();
    this.#stream.destroy();
  }
}

interface Sample {
  readonly typed: string;
  readonly ms: number;
}

/** Types a word and takes the time of every key. */
async function typeWord(session: Session, word: string, pauseMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const characters = Array.from(word);
  for (const [at, key] of characters.entries()) {
    const typed = characters.slice(0, at + 1).join("");
    const { statusCount } = session.screen;
    const isTyped = ({ rows }: Screen): boolean => rows[0]?.trimEnd() === `> ${typed}`.trimEnd();
    // Half a regex may be none. Then there is no answer whose time could be taken.
    const isAsked = isPattern(typed);
    const ms = await session.press(
      key,
      (screen) => isTyped(screen) && (!isAsked || screen.statusCount > statusCount),
    );
    if (isAsked) samples.push({ typed, ms });
    await sleep(Math.max(0, pauseMs - ms));
  }
  return samples;
}

/** Does ripgrep take it? */
function isPattern(text: string): boolean {
  return ripgrepCount(values.rg, "/dev/null", text) !== undefined;
}

/** Hits by ripgrep's count; undefined for what is no pattern. */
function ripgrepCount(rg: string, tree: string, pattern: string): number | undefined {
  const words = ["--no-config", "--count-matches", "--no-filename", "--smart-case", "-e", pattern, tree];
  const { stdout, status } = spawnSync(rg, words, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0 && status !== 1) return undefined;
  return stdout.split("\n").reduce((sum, line) => sum + Number(line), 0);
}

/** Waits until the total is counted, and compares it. @throws where it differs */
async function checkHits(session: Session, rg: string, tree: string, word: string): Promise<void> {
  const expected = ripgrepCount(rg, tree, word);
  if (expected === undefined) throw new Error(`ripgrep does not take ${word}`);
  await session.until(({ rows }) => /^[\d,]+ hits?\b/.test(rows[ROWS - 1] ?? ""));
  const [shown = ""] = /^[\d,]+/.exec(session.screen.rows[ROWS - 1] ?? "") ?? [];
  const found = Number(shown.replaceAll(",", ""));
  if (found !== expected) throw new Error(`${word}: ${found} hits on the screen, ripgrep has ${expected}`);
}

function summary(samples: readonly Sample[]): object {
  const sorted = samples.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (part: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!.toFixed(2));
  return { keys: sorted.length, minMs: at(0), p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    pause: { type: "string", default: "100" },
    rg: { type: "string", default: "node_modules/@vscode/ripgrep-linux-x64/bin/rg" },
    device: { type: "string", default: "cpu" },
  },
});
const [tree = "."] = positionals;
const begunLoad = loadavg();
const session = new Session(tree, values.device);
await session.until(({ rows }) => /\d files?, /.test(rows[ROWS - 1] ?? ""));
await sleep(3000); // signatures are made behind the load
const samples: Sample[] = [];
for (let round = 0; round < Number(values.rounds); round++)
  for (const word of WORDS) {
    samples.push(...(await typeWord(session, word, Number(values.pause))));
    if (round === 0) await checkHits(session, values.rg, tree, word);
    await session.press(CLEAR_KEY, ({ rows }) => rows[0]?.trimEnd() === ">");
    await sleep(Number(values.pause));
  }
const files = session.screen.rows[ROWS - 1]?.trim();
session.close();
const byLength = (from: number, to: number): Sample[] =>
  samples.filter(({ typed }) => typed.length >= from && typed.length <= to);
const document = {
  environment: {
    node: process.version,
    os: `Linux ${release()}`,
    cpu: cpus()[0]?.model,
    coreCount: cpus().length,
    loadAverageBefore: begunLoad,
    loadAverageAfter: loadavg(),
  },
  arguments: { rounds: values.rounds, pauseMs: values.pause, device: values.device },
  searched: files,
  columns: COLUMNS,
  rows: ROWS,
  all: summary(samples),
  firstKey: summary(byLength(1, 1)),
  secondKey: summary(byLength(2, 2)),
  laterKeys: summary(byLength(3, Infinity)),
  samples: samples.map(({ typed, ms }) => [typed, Number(ms.toFixed(2))]),
};
process.stdout.write(`${JSON.stringify(document, undefined, 1)}\n`);
