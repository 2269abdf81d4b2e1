/**
 * The tool `read_lines`: lines of a file by their numbers.
 *
 * The lines come from a search that every line matches. So they are decoded and numbered as the lines of `search`.
 */
import { z } from "zod";
import { EverwarpError } from "../../base/index.ts";
import { clippedLine, countOf } from "../answer/index.ts";
import { binaryOffsetOf, commandError, eachRecord, kindOf, lineOf, messagesOf } from "../command/index.ts";
import { argument, parameters, PAGE_FIELDS, remedyOf } from "./fields.ts";
import type { Tool } from "./tool.ts";

/** Lines that are read where no end is given. */
const DEFAULT_LINES = 200;
const MAX_LINE = 1e9;

const line = z.int().min(1).max(MAX_LINE);
const input = parameters({
  path: argument(4_096).describe("The file."),
  from: line.default(1).describe("The number of the first line."),
  to: line.optional().describe(`The number of the last line. Without it, ${DEFAULT_LINES} lines are read.`),
  maxBytes: PAGE_FIELDS.maxBytes,
});

/** Reads lines. */
export const readLinesTool: Tool<typeof input> = {
  name: "read_lines",
  title: "Read lines of a file",
  description:
    "Reads lines of a text file by their numbers, each with its number before it, as search numbers them. The end " +
    "says where to continue.",
  input,
  async answer({ path, from, to = from + DEFAULT_LINES - 1, maxBytes }, { roots, commands }, signal) {
    if (to < from)
      throw new EverwarpError("EW_BAD_ARGUMENT", `to is ${to}, and from is ${from}`, {
        remedy: "Lines are numbered from 1, and to is the last one that is read.",
      });
    const name = roots.resolveFile(path);
    const flags = ["--no-config", "--json", `--max-count=${to + 1}`, "--regexp=", "--"];
    return commands.run(["search", ...flags, name], { signal }, async (command) => {
      const reader = new LineReader(from, to, maxBytes);
      await eachRecord(command.output, 0x0a, (record) => reader.take(record));
      if (reader.isDone) command.stop();
      const end = await command.ended;
      const error = reader.isDone ? undefined : commandError(end, remedyOf);
      if (error !== undefined) throw error;
      const [trouble] = messagesOf(end);
      if (trouble !== undefined)
        throw new EverwarpError("EW_PATH_UNREADABLE", trouble, { remedy: "Choose another file." });
      return reader.text(name);
    });
  },
};

/** Takes the messages of a search that every line matches. */
class LineReader {
  /** Nothing more is wanted. */
  isDone = false;
  readonly #from: number;
  readonly #to: number;
  readonly #maxBytes: number;
  readonly #lines: string[] = [];
  #sizeBytes = 0;
  /** The number of the last line that was seen. */
  #last = 0;
  #binaryOffset: number | undefined;

  constructor(from: number, to: number, maxBytes: number) {
    this.#from = from;
    this.#to = to;
    this.#maxBytes = maxBytes;
  }

  take(record: Buffer): boolean {
    const kind = kindOf(record);
    if (kind === "end") this.#binaryOffset = binaryOffsetOf(record);
    if (kind !== "match") return true;
    if (++this.#last < this.#from) return true;
    const shown = `${this.#last}:${clippedLine(lineOf(record).text, this.#maxBytes)}`;
    const isRoomLeft =
      this.#lines.length === 0 || this.#sizeBytes + Buffer.byteLength(shown) < this.#maxBytes;
    this.isDone = this.#last > this.#to || !isRoomLeft;
    if (this.isDone) return false;
    this.#lines.push(shown);
    this.#sizeBytes += Buffer.byteLength(shown) + 1;
    return true;
  }

  text(name: string): string {
    if (this.#binaryOffset !== undefined)
      throw new EverwarpError("EW_BAD_ARGUMENT", `${name} is a binary file`, {
        remedy: `There is a NUL byte at offset ${this.#binaryOffset}. Choose a text file.`,
      });
    if (this.#last === 0) return `${name} is empty.`;
    if (this.#lines.length === 0)
      return `${name} has ${countOf(this.#last, "line")}; there is no line ${this.#from}.`;
    const next = this.#from + this.#lines.length;
    const end = this.isDone ? `More follows: from: ${next}.` : "The file ends there.";
    return `${name}, lines ${this.#from} to ${next - 1}. ${end}\n\n${this.#lines.join("\n")}`;
  }
}
