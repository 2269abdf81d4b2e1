/** Where a one-shot search writes. */
export interface GrepStreams {
  /**
   * Writes to standard output.
   * @throws a system error with the code EPIPE if nobody reads any more, EW_PATH_UNWRITABLE if the disk is
   * full or the device is gone
   */
  writeOut(bytes: Uint8Array): void;
  /** Writes to standard error. Never throws. */
  writeError(text: string): void;
  /**
   * A search asks it between two files, and goes on when the promise resolves. Without a promise, or without this, it
   * goes on at once.
   * @throws a system error with the code EPIPE if nobody reads any more
   */
  pause?(): Promise<void> | undefined;
}
