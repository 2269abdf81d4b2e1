/** What a search prints, gathered and written in large pieces. */
import { ByteWriter } from "./printer/index.ts";
import type { GrepStreams } from "./streams.ts";

/** Output is written when so many bytes have gathered. */
const FLUSH_BYTES = 64 * 1024;
/** Output waits no longer than this for more. */
const FLUSH_AFTER_MS = 30;

/** Joins the output of files and writes it in large pieces. */
export class Output {
  readonly writer = new ByteWriter();
  /** Something was written, or will be. */
  any = false;
  private closed = false;
  private readonly streams: GrepStreams;
  private readonly eachFile: boolean;
  private lastFlushMs = Date.now();

  /** @param eachFile flush after each file */
  constructor(streams: GrepStreams, eachFile: boolean) {
    this.streams = streams;
    this.eachFile = eachFile;
  }

  /** Call it after a file's output. @returns false when nobody reads any more */
  settle(): boolean {
    const { length } = this.writer;
    if (length === 0) return !this.closed;
    const isDue = this.eachFile || length >= FLUSH_BYTES || Date.now() - this.lastFlushMs > FLUSH_AFTER_MS;
    return isDue ? this.flush() : !this.closed;
  }

  /** Writes what has gathered. @returns false when nobody reads any more */
  flush(): boolean {
    if (this.writer.length === 0 || this.closed) return !this.closed;
    try {
      this.streams.writeOut(this.writer.written());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
      this.closed = true;
    }
    this.writer.clear();
    this.lastFlushMs = Date.now();
    return !this.closed;
  }
}
