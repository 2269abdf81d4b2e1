/** The last line of the screen: what was found, and how long that took. */
import { type Answer, fileRows, type LiveState } from "../state/index.ts";
import { LineBuilder, type StyledLine } from "../text/index.ts";

/** How long the last answer took. */
export interface Timing {
  /** From the arrival of a key until the frame with its hits was laid out. */
  readonly keyToFrameMs: number | undefined;
}

const SEPARATOR = " · ";

/** Fewer columns have shorter words. */
const WIDE_COLUMNS = 100;

/** The status line. An error or a notice stands before everything else. */
export function statusLine(state: LiveState, timing: Timing): StyledLine {
  const { error, notice, size } = state;
  const line = new LineBuilder(size.columns);
  const facts = factsOf(state, timing, size.columns >= WIDE_COLUMNS).join(SEPARATOR);
  if (error !== undefined) line.add(firstLine(error), "error");
  else if (notice !== undefined) line.add(notice, "on");
  if (line.width > 0 && facts !== "") line.add(SEPARATOR, "faint");
  return line.add(facts, "faint").build();
}

/** What is known, the most important first: a narrow screen has only that. */
function factsOf(
  { answer, progress, facts }: LiveState,
  { keyToFrameMs }: Timing,
  isWide: boolean,
): string[] {
  const parts: string[] = [];
  if (progress !== undefined) parts.push(`${progress}…`);
  if (answer !== undefined) {
    parts.push(foundText(answer, isWide), `engine ${microseconds(answer.hits.engineUs)}`);
    if (keyToFrameMs !== undefined)
      parts.push(`${isWide ? "key to frame" : "frame"} ${keyToFrameMs.toFixed(1)} ms`);
  }
  if (facts !== undefined) {
    const files = amount(facts.fileCount, "file");
    const megabytes = `${(facts.contentBytes / 1e6).toFixed(facts.contentBytes < 1e7 ? 1 : 0)} MB`;
    parts.push(isWide ? `${files}, ${megabytes}, ${facts.device}` : `${files}, ${facts.device}`);
  }
  return parts;
}

function foundText(answer: Answer, isWide: boolean): string {
  const { hits, total } = answer;
  const files = fileRows(answer).length;
  if (!hits.isTruncated) return `${amount(hits.count, "hit")} in ${amount(files, "file")}`;
  const all = total === undefined ? `${count(hits.count)}+` : count(total);
  return isWide
    ? `${all} hits, the first ${count(hits.count)} in ${amount(files, "file")}`
    : `${all} hits in ${files}+ files`;
}

const count = (value: number): string => value.toLocaleString("en");

const amount = (value: number, name: string): string => `${count(value)} ${name}${value === 1 ? "" : "s"}`;

function microseconds(us: number): string {
  return us < 10_000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(0)} ms`;
}

/** Errors of patterns have several lines; one of them says what is wrong. */
function firstLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => line.startsWith("error: ")) ?? lines[0] ?? "").trim();
}
