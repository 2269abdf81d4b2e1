/** A tree to search while it changes: a copy of the user's, or one that is made. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../soak/index.ts";

const FOLDERS = 200;
const FILES_OF_A_FOLDER = 25;
const LINES_OF_A_FILE = 200;
const WORDS =
  "static int return struct buffer page lock state deadlock virtio_blk queue_init handle TODO a[0]".split(
    " ",
  );
/** The words at the end of the list above are rare. */
const COMMON_WORDS = 8;

/** Makes the tree at a path. @param from the user's tree */
export function makeTree(at: string, from: string | undefined): void {
  if (from !== undefined)
    return cpSync(from, at, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const random = new Random(1);
  const line = (): string =>
    Array.from({ length: 8 }, () =>
      random.percent(1) && random.percent(2) ? random.of(WORDS) : random.of(WORDS.slice(0, COMMON_WORDS)),
    ).join(" ");
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(at, `part-${folder % 10}`, `folder-${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_OF_A_FOLDER; file++)
      writeFileSync(
        join(path, `file-${file}.${file % 3 === 0 ? "h" : "c"}`),
        `${Array.from({ length: LINES_OF_A_FILE }, line).join("\n")}\n`,
      );
  }
}
