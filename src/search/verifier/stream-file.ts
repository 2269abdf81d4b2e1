/** Searches a file that is too large for memory, piece by piece from disk. */
import { closeSync, openSync, readSync } from "node:fs";
import type { FoundFile, Matcher } from "../contracts.ts";
import type { FileTable } from "../corpus/index.ts";
import { LONGEST_MARK_BYTES, utf8MarkLength } from "../content/index.ts";
import { DEFAULT_SEARCHER_OPTIONS, FileSearch, type Line } from "../searcher/index.ts";

/** Files of more bytes go through the stream buffer. */
const WINDOW_BYTES = 1 << 20;
const nothing = (): true => true;

/**
 * Calls `onLine` for every line that may match. A file with a NUL that the user did not name ends at the buffer with
 * the NUL, as with ripgrep.
 * @param onLine gets a line, and the length of the mark, which the line's offset does not count. To end the search, it
 * returns false
 * @throws the system's error where the file cannot be read
 */
export function streamFile(
  files: FileTable,
  file: number,
  allText: boolean,
  matcher: Matcher,
  onLine: (line: Line, markBytes: number) => boolean,
): void {
  const path = files.openPath(file);
  const markBytes = markLength(path);
  const binary = allText || files.explicit(file) ? "none" : "quit";
  const search = new FileSearch(
    {
      ...DEFAULT_SEARCHER_OPTIONS,
      lineNumber: true,
      binaryExplicit: binary,
      binaryImplicit: binary,
      windowBytes: WINDOW_BYTES,
    },
    matcher,
    {
      begin: nothing,
      matched: (line) => onLine(line, markBytes),
      context: nothing,
      contextBreak: nothing,
      binaryData: nothing,
      finish: nothing,
    },
    false,
  );
  search.searchFile(foundAt(path, files.explicit(file)));
}

function foundAt(path: string | Buffer, explicit: boolean): FoundFile {
  return typeof path === "string"
    ? { path, explicit }
    : { path: path.toString("utf8"), pathBytes: path, explicit };
}

/** Length of a UTF-8 mark, which the searcher does not count. Offsets in UTF-16 files are those of the decoded text. */
function markLength(path: string | Buffer): number {
  const descriptor = openSync(path, "r");
  try {
    const head = Buffer.alloc(LONGEST_MARK_BYTES);
    const length = readSync(descriptor, head, 0, head.length, 0);
    return utf8MarkLength(head, length);
  } finally {
    closeSync(descriptor);
  }
}
