/** Searches a batch of files, in any thread. */
import type { FoundFile } from "../../contracts.ts";
import type { ByteWriter } from "../printer/index.ts";
import type { FileSearcher } from "../file-searcher/index.ts";
import type { ToldFile } from "./protocol.ts";

/**
 * Searches files one after another.
 * @param writer is cleared, and then gets the output of all files
 * @returns the files with output, a match or an error
 */
export function searchBatch(
  files: readonly FoundFile[],
  searcher: FileSearcher,
  writer: ByteWriter,
  stopped: () => boolean,
): ToldFile[] {
  const told: ToldFile[] = [];
  writer.clear();
  for (const file of files) {
    if (stopped()) break;
    const before = writer.length;
    const { matched, count, wantsSeparator, error } = searcher.search(file, writer);
    const lengthBytes = writer.length - before;
    if (matched || lengthBytes > 0 || error !== undefined) {
      told.push({ file, lengthBytes, matched, count, wantsSeparator, error });
    }
  }
  return told;
}
