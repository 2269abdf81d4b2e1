/** The entries of a directory in little memory, for those who keep the entries of many directories. */
import type { Entry } from "./entries.ts";

/** No name has it. */
const SEPARATOR = "/";

/** Entries as two texts: their names, and a letter for the kind of each. */
export class PackedEntries {
  readonly #names: string;
  readonly #kinds: string;
  /** Names that are not UTF-8, by index. */
  readonly #exactNames: ReadonlyMap<number, Buffer> | undefined;

  /** @param entries of one directory */
  constructor(entries: readonly Entry[]) {
    const exact = new Map<number, Buffer>();
    for (const [index, { nameBytes }] of entries.entries())
      if (nameBytes !== undefined) exact.set(index, nameBytes);
    this.#names = entries.map(({ name }) => name).join(SEPARATOR);
    this.#kinds = entries.map(({ kind }) => kind[0]).join("");
    this.#exactNames = exact.size === 0 ? undefined : exact;
  }

  /** The entries, in the order in which they were given. The array is the caller's. */
  unpack(): Entry[] {
    if (this.#kinds === "") return [];
    return this.#names.split(SEPARATOR).map((name, index) => ({
      name,
      nameBytes: this.#exactNames?.get(index),
      kind: KINDS[this.#kinds[index] as keyof typeof KINDS],
    }));
  }
}

const KINDS = { f: "file", d: "directory", l: "link", o: "other" } as const satisfies Record<
  string,
  Entry["kind"]
>;
