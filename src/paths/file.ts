/**
 * A namespace as one file: the table's regions as they lie in memory, in the durable, checksummed form of a checkpoint.
 *
 * The regions are written and read as they are, so loading a million entries is reading their bytes; what the host keeps beside the table is made anew
 * from it (`node-list.ts`). Words are little-endian, in the file as on every machine that this runs on.
 */
import { EverwarpError } from "../base/errors.ts";
import { loadCheckpoint, saveCheckpoint } from "../residency/checkpoint-file.ts";
import type { CheckpointIdentity } from "../residency/checkpoint-format.ts";
import { INODE_KIND, ROOT_INODE } from "./contracts.ts";
import { PathTable, type PathTableOptions } from "./table.ts";
import { Table } from "./table.schema.ts";

/** Tells a namespace from other checkpoints; any machine reads it. */
const IDENTITY: CheckpointIdentity = {
  deviceKey: "any",
  driverKey: "any",
  kernelKey: "everwarp path namespace",
  layoutHash: `path table ${Table.VERSION}`,
};

/** Writes a table. It must not change until the promise settles. @throws EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE */
export async function saveNamespaceFile(file: string, table: PathTable): Promise<void> {
  const regions = table.regions().map(({ begin, end }, index): [string, Uint8Array] => {
    const { buffer } = table.words;
    return [index === 0 ? "header" : `region ${index}`, new Uint8Array(buffer, 4 * begin, 4 * (end - begin))];
  });
  await saveCheckpoint(file, {
    identity: IDENTITY,
    progress: { iterations: 0, phase: "stopped", sequences: [], taken: 0, workgroupCount: 0 },
    sections: new Map(regions),
  });
}

/**
 * Reads what `saveNamespaceFile` wrote.
 * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_CHECKPOINT_TRUNCATED, EW_CHECKPOINT_CORRUPTED, EW_CHECKPOINT_OUTDATED,
 * EW_CHECKPOINT_OTHER_KERNEL for a checkpoint of something else, EW_OUT_OF_HOST_MEMORY
 */
export async function loadNamespaceFile(
  file: string,
  options: Pick<PathTableOptions, "capacity" | "scratchWords">,
): Promise<PathTable> {
  const { sections } = await loadCheckpoint(file, IDENTITY);
  const header = sections.get("header");
  if (header === undefined) throw corrupted(file, "it has no header");
  const contents = [...sections].filter(([name]) => name !== "header").map(([, bytes]) => bytes);
  let section = 0;
  let at = 0;
  const table = PathTable.restore(
    new Uint32Array(header.buffer, header.byteOffset, header.byteLength / 4),
    (into) => {
      if (into.length === 0) return;
      const bytes = contents[section]?.subarray(at, at + into.length);
      if (bytes?.length !== into.length) throw corrupted(file, "its regions are not as its header says");
      into.set(bytes);
      at += into.length;
      if (at < contents[section]!.length) return;
      section++;
      at = 0;
    },
    options,
  );
  if (table.kindOf(ROOT_INODE) !== INODE_KIND.directory) throw corrupted(file, "it has no root");
  return table;
}

function corrupted(file: string, what: string): EverwarpError {
  return new EverwarpError("EW_CHECKPOINT_CORRUPTED", `${file} is no namespace: ${what}`, {
    remedy: "Save the namespace again.",
  });
}
