import { expect, test } from "vitest";
import { ProgressBar } from "../terminal/progress-bar.ts";
import { ageText, listText, millisecondsText, sizeText, statsText } from "./text.ts";

test("sizes, times and ages in few digits", () => {
  expect([0, 1023, 1024, 10_000, 3 << 20, 150 * 1024 * 1024].map(sizeText)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KiB",
    "9.8 KiB",
    "3.0 MiB",
    "150 MiB",
  ]);
  expect([0, 0.04, 9.96, 1250].map(millisecondsText)).toEqual(["0.0 ms", "0.0 ms", "10.0 ms", "1,250 ms"]);
  const now = Date.UTC(2026, 0, 1);
  const ages = [-1e9, 0, 59e3, 60e3, 7199e3, 49 * 3600e3].map((ms) => ageText(now - ms, now));
  expect(ages).toEqual(["now", "now", "now", "1 min", "1 h", "2 days"]);
});

test("nothing is told as nothing", () => {
  expect(statsText("/somewhere", [])).toBe("/somewhere: no programs yet\n");
  expect(listText([], 0)).toBe("no programs\n");
});

test("the progress bar is for terminals, and goes when it is over", () => {
  let written = "";
  const writeError = (text: string): void => void (written += text);
  const piped = new ProgressBar({ stderrIsTerminal: false, writeError });
  piped.show(1, 2, "scan");
  piped.end();
  expect(written).toBe("");
  const shown = new ProgressBar({ stderrIsTerminal: true, writeError });
  shown.show(0, 0, "nothing to do");
  expect(written).toBe("");
  shown.show(3, 12, "a name ".repeat(20));
  expect(written).toMatch(/█{6}░{18} 3\/12 a name .*…$/);
  written = "";
  shown.end();
  shown.end();
  expect(written).toBe("\r\x1b[K");
});
