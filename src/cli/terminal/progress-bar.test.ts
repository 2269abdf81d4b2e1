import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ProgressBar, withProgress } from "./progress-bar.ts";

function terminal(stderrIsTerminal = true): {
  stderrIsTerminal: boolean;
  writeError(text: string): void;
  texts: string[];
} {
  const texts: string[] = [];
  return { stderrIsTerminal, writeError: (text) => void texts.push(text), texts };
}

it("counts only what takes long, seldom, and leaves nothing behind", () => {
  const shown = terminal();
  let ms = 0;
  const bar = new ProgressBar(shown, () => ms);
  bar.count("early");
  bar.end();
  expect(shown.texts).toEqual([]);
  ms = 600;
  bar.count("first");
  bar.count("too soon");
  ms = 800;
  bar.count("second");
  bar.end();
  expect(shown.texts).toEqual(["\r\x1b[Kfirst", "\r\x1b[Ksecond", "\r\x1b[K"]);
});

it("says nothing to a file or a pipe", async () => {
  const piped = terminal(false);
  const bar = new ProgressBar(piped, () => 1e9);
  bar.count("anything");
  bar.show(1, 2, "half");
  bar.end();
  expect(await withProgress(piped, "work", Promise.resolve(7))).toBe(7);
  expect(piped.texts).toEqual([]);
});

it("shows work that says nothing itself, until it ends or fails", async () => {
  const shown = terminal();
  expect(await withProgress(shown, "loading 3 files", sleep(900, "done"))).toBe("done");
  expect(shown.texts[0]?.startsWith("\r\x1b[Kloading 3 files: ")).toBe(true);
  expect(shown.texts.at(-1)).toBe("\r\x1b[K");
  await expect(withProgress(shown, "failing", Promise.reject(new Error("no")))).rejects.toThrow("no");
});
