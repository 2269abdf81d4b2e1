/** The last line of the screen: what was found, and how long that took. */
import { fileRows, type LiveState } from "../state/index.ts";
import { LineBuilder, type StyledLine } from "../text/index.ts";

/** How long the last answer took. */
export interface Timing {
  /** From the arrival of a key until the frame with its hits was laid out. */
  readonly keyToFrameMs: number | undefined;
}

const SEPARATOR = " · ";

/** The status line. An error or a notice stands before everything else. */
export function statusLine(state: LiveState, timing: Timing): StyledLine {
  const { answer, error, notice, progress, size } = state;
  const line = new LineBuilder(size.columns);
  const parts: string[] = [];
  if (answer !== undefined) parts.push(foundText(state, size.columns));
  if (answer !== undefined) parts.push(`engine ${microseconds(answer.hits.engineUs)}`);
  if (answer !== undefined && timing.keyToFrameMs !== undefined)
    parts.push(`key to frame ${timing.keyToFrameMs.toFixed(1)} ms`);
  const { facts } = state;
  if (facts !== undefined) parts.push(`${amount(facts.fileCount, "file")} on ${facts.device}`);
  if (error !== undefined)
    line.add(firstLine(error), "error").add(parts.length > 0 ? SEPARATOR : "", "faint");
  else if (notice !== undefined) line.add(notice, "on").add(parts.length > 0 ? SEPARATOR : "", "faint");
  if (progress !== undefined) parts.unshift(`${progress}…`);
  return line.add(parts.join(SEPARATOR), "faint").build();
}

function foundText({ answer }: LiveState, columns: number): string {
  if (answer === undefined) return "";
  const { hits, total } = answer;
  const files = fileRows(answer).length;
  if (!hits.isTruncated) return `${amount(hits.count, "hit")} in ${amount(files, "file")}`;
  const all = total === undefined ? `${count(hits.count)}+` : count(total);
  const isWide = columns >= 100;
  return isWide
    ? `${all} hits, the first ${count(hits.count)} in ${amount(files, "file")}`
    : `${all} hits in ${files}+ files`;
}

const count = (value: number): string => value.toLocaleString("en");

const amount = (value: number, name: string): string => `${count(value)} ${name}${value === 1 ? "" : "s"}`;

function microseconds(us: number): string {
  return us < 10_000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(0)} ms`;
}

/** Errors of patterns have several lines; the last one says what is wrong. */
function firstLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => line.startsWith("error: ")) ?? lines[0] ?? "").trim();
}
