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
  private readonly options: Pick<GrepOptions, "messages" | "ignoreMessages">;

  constructor(streams: GrepStreams, options: Pick<GrepOptions, "messages" | "ignoreMessages">) {
    this.streams = streams;
    this.options = options;
  }

  /** Something that was to be searched could not be searched. */
  error(message: string): void {
    this.errored = true;
    if (this.options.messages) this.streams.writeError(`everwarp: ${message}\n`);
  }

  /** A file of ignore rules, or a line of one, was left out. */
  ignoreRule(message: string): void {
    if (this.options.ignoreMessages) this.streams.writeError(`everwarp: ${message}\n`);
  }
}
