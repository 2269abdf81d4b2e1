/** What a search writes: output in large pieces, messages line by line. */
import { ByteWriter } from "../../search/index.ts";
import type { Environment } from "../terminal/index.ts";
import type { HiArgs } from "../flags/index.ts";

/** Bytes that are gathered before they are written. */
const FLUSH_BYTES = 64 * 1024;
/** Output does not wait longer than this for more. */
const FLUSH_AFTER_MS = 30;

/** Joins the output of files and writes it in large pieces. */
export class Output {
  readonly writer = new ByteWriter();
  /** Something was written or is about to be. */
  any = false;
  private closed = false;
  private readonly environment: Environment;
  private readonly eachFile: boolean;
  private lastFlushMs = Date.now();

  constructor(environment: Environment, eachFile: boolean) {
    this.environment = environment;
    this.eachFile = eachFile;
  }

  /** After a file's output. @returns false when nobody reads any more */
  settle(): boolean {
    const { length } = this.writer;
    if (length === 0) return !this.closed;
    const isDue = this.eachFile || length >= FLUSH_BYTES || Date.now() - this.lastFlushMs > FLUSH_AFTER_MS;
    return isDue ? this.flush() : !this.closed;
  }

  /** @returns false when nobody reads any more */
  flush(): boolean {
    if (this.writer.length === 0 || this.closed) return !this.closed;
    try {
      this.environment.writeOut(this.writer.written());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
      this.closed = true;
    }
    this.writer.clear();
    this.lastFlushMs = Date.now();
    return !this.closed;
  }
}

/** Messages on standard error. */
export class Messages {
  /** A message other than one about ignore rules was due, so the exit code is 2. */
  errored = false;
  private readonly environment: Environment;
  private readonly args: Pick<HiArgs, "messages" | "ignoreMessages">;

  constructor(environment: Environment, args: Pick<HiArgs, "messages" | "ignoreMessages">) {
    this.environment = environment;
    this.args = args;
  }

  error(message: string): void {
    this.errored = true;
    if (this.args.messages) this.environment.writeError(`everwarp: ${message}\n`);
  }

  ignoreRule(message: string): void {
    if (this.args.ignoreMessages) this.environment.writeError(`everwarp: ${message}\n`);
  }
}
