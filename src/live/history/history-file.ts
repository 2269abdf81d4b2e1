/**
 * The file of patterns, one a line, the newest last.
 *
 * Invariants: nobody else can read it. Several sessions may add to it; what the others added meanwhile stays. A file
 * that cannot be read is an empty history.
 */
import { isAbsolute, join } from "node:path";
import { readRegularTextSync, writeBytesAtomicallySync } from "../../storage/index.ts";
import { NO_HISTORY, withEntry } from "../state/index.ts";

/** A larger file is none of ours. */
const MAX_BYTES = 4 * 1024 * 1024;

/** See the head of this file. */
export class HistoryFile {
  readonly #path: string | undefined;

  /** @param env the variables that say where a user's state lies */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    const { XDG_STATE_HOME = "", HOME = "" } = env;
    const folder = isAbsolute(XDG_STATE_HOME)
      ? XDG_STATE_HOME
      : isAbsolute(HOME)
        ? join(HOME, ".local", "state")
        : undefined;
    this.#path = folder && join(folder, "everwarp", "live-history");
  }

  /** The patterns, the oldest first. */
  read(): readonly string[] {
    if (this.#path === undefined) return [];
    const text = readRegularTextSync(this.#path, MAX_BYTES) ?? "";
    return text.split("\n").filter((line) => line !== "");
  }

  /** Adds a pattern. @throws errors of the file system */
  add(pattern: string): void {
    if (this.#path === undefined || pattern === "") return;
    const { entries } = withEntry({ ...NO_HISTORY, entries: this.read() }, pattern);
    writeBytesAtomicallySync(this.#path, Buffer.from(`${entries.join("\n")}\n`), { place: "own" });
  }
}
