/** Messages on standard error. */
import type { GrepOptions } from "./options.ts";
import type { GrepStreams } from "./streams.ts";

/** Writes messages on standard error, and remembers whether the exit code must be 2. */
export class Messages {
  /**
   * There was a message other than one about ignore rules, so the exit code is 2. A message that is not shown
   * counts too.
   */
  errored = false;
  private readonly streams: GrepStreams;
  private readonly options: Pick<GrepOptions, "messages" | "ignoreMessages" | "log">;

  constructor(streams: GrepStreams, options: Pick<GrepOptions, "messages" | "ignoreMessages" | "log">) {
    this.streams = streams;
    this.options = options;
  }

  /** Something that was to be searched could not be searched. */
  error(message: string): void {
    this.errored = true;
    if (this.options.messages) this.streams.writeError(`everwarp: ${message}\n`);
  }

  /** Decisions are told (--debug). */
  get logsDecisions(): boolean {
    return this.options.log !== "none";
  }

  /** A decision, where they are told. @param topic the part of the search that decided */
  debug(topic: string, text: string): void {
    if (this.logsDecisions) this.streams.writeError(`everwarp: DEBUG|${topic}: ${text}\n`);
  }

  /** A single step, where they are told (--trace). */
  trace(topic: string, text: string): void {
    if (this.options.log === "trace") this.streams.writeError(`everwarp: TRACE|${topic}: ${text}\n`);
  }

  /** A file of ignore rules, or a line of one, was left out. */
  ignoreRule(message: string): void {
    if (this.options.ignoreMessages) this.streams.writeError(`everwarp: ${message}\n`);
  }
}
