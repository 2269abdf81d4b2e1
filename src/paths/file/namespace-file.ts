/**
 * A namespace as one file: the table's regions exactly as in memory, in a durable file with checksums
 * (`storage/sealed-format.ts`).
 *
 * Regions are written and read unchanged. So loading a million entries means reading their bytes and checking each
 * entry once (`table/check.ts`). The host's data beside the table is rebuilt from the table (`tree/node-list.ts`).
 * Words are little-endian in the file, as on every supported machine.
 */
import { EverwarpError } from "../../base/index.ts";
import {
  saveSealedFile,
  readSealedFile,
  type SealedReader,
  type About,
  type FileKind,
  isRecord,
  type SectionPlace,
} from "../../storage/index.ts";
import { PathTable, type PathTableOptions, REGIONS, usedWords, Table, TableHeader } from "../table/index.ts";

const NAMESPACE_FILE: FileKind = {
  noun: "namespace",
  truncated: "EW_NAMESPACE_TRUNCATED",
  corrupted: "EW_NAMESPACE_CORRUPTED",
  outdated: "EW_NAMESPACE_OUTDATED",
};
const HEADER = "header";
const HEADER_BYTES = TableHeader.WORDS * 4;

/** Writes a table. It must not change until the promise settles. @throws EW_PATH_NOT_FOUND, EW_PATH_UNWRITABLE */
export async function saveNamespaceFile(file: string, table: PathTable): Promise<void> {
  const regions = table.regions().map(({ begin, end }, index): [string, Uint8Array] => {
    const { buffer } = table.words;
    return [index === 0 ? HEADER : `region ${index}`, new Uint8Array(buffer, 4 * begin, 4 * (end - begin))];
  });
  await saveSealedFile(
    file,
    NAMESPACE_FILE,
    { holds: NAMESPACE_FILE.noun, tableVersion: Table.VERSION },
    new Map(regions),
  );
}

/**
 * Reads a file of `saveNamespaceFile` and checks all of it, because checksums find accidents, not attacks.
 * @throws EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_NAMESPACE_TRUNCATED, EW_NAMESPACE_CORRUPTED, EW_NAMESPACE_OUTDATED,
 * EW_OUT_OF_HOST_MEMORY, EW_BAD_ARGUMENT for a maxEntries below its entries
 */
export function loadNamespaceFile(
  file: string,
  options: Pick<PathTableOptions, "maxEntries" | "scratchWords">,
): Promise<PathTable> {
  const refuse = (what: string): never => {
    throw new EverwarpError("EW_NAMESPACE_CORRUPTED", `${file} is no namespace: ${what}`, {
      remedy: "Save the namespace again.",
    });
  };
  return readSealedFile(file, NAMESPACE_FILE, async (reader) => {
    assertVersion(reader.about, file, refuse);
    const header = await readTableHeader(reader, refuse);
    // Check the file's sections before memory is reserved for the sizes in the header.
    const places = placesOf(reader.sections, header, refuse);
    const restored = PathTable.restore(header, options, refuse);
    for (const [index, place] of places.entries())
      if (place !== undefined) await reader.readSection(place, restored.contents[index]!);
    return restored.accept();
  });
}

function assertVersion(about: About, file: string, refuse: (what: string) => never): void {
  const version = about["holds"] === NAMESPACE_FILE.noun ? about["tableVersion"] : versionBefore(about);
  if (version === undefined) refuse("it holds the checkpoint of a kernel, or something else");
  if (version !== Table.VERSION) {
    throw new EverwarpError(
      "EW_NAMESPACE_OUTDATED",
      `${file} has version ${JSON.stringify(version)?.slice(0, 40)} of the path table, not ${Table.VERSION}`,
      { remedy: "Load it with the version of everwarp that saved it." },
    );
  }
}

/** Early builds of 0.1.0 wrote namespaces as checkpoints of a kernel of this name. */
function versionBefore({ identity }: About): unknown {
  if (!isRecord(identity) || identity["kernelKey"] !== "everwarp path namespace") return undefined;
  const { layoutHash } = identity;
  return typeof layoutHash === "string" ? Number(layoutHash.replace("path table ", "")) : undefined;
}

async function readTableHeader(
  { sections, readSection }: SealedReader,
  refuse: (what: string) => never,
): Promise<Uint32Array> {
  const [place] = sections;
  if (place?.name !== HEADER) return refuse("it has no header");
  if (place.sizeBytes !== HEADER_BYTES) return refuse(`its header has ${place.sizeBytes} bytes`);
  const header = new Uint32Array(TableHeader.WORDS);
  await readSection(place, new Uint8Array(header.buffer));
  return header;
}

/** The position of each region in the file, checked against the header; undefined for a region that is not in use. */
function placesOf(
  sections: readonly SectionPlace[],
  header: Uint32Array,
  refuse: (what: string) => never,
): (SectionPlace | undefined)[] {
  let next = 1;
  const places = REGIONS.slice(1).map((region) => {
    const bytes = usedWords(header, region) * 4;
    if (bytes === 0) return undefined;
    const place = sections[next++];
    if (place?.sizeBytes !== bytes)
      refuse(`its ${region} have ${place?.sizeBytes ?? 0} bytes of the ${bytes} that its header tells`);
    return place;
  });
  if (next !== sections.length) refuse(`it has ${sections.length} regions, and its header tells of ${next}`);
  return places;
}
