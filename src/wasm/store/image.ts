/** What one instance contains, apart from code: the form in which contents move between host and machines. */

/** The contents of a memory. */
export interface MemoryImage {
  /** All its bytes: 64 KiB for each page that it has. */
  bytes: Uint8Array;
}

/** The contents of a table: references. */
export interface TableImage {
  elements: number[];
}

/** The contents of an instance. */
export interface StoreImage {
  readonly memories: MemoryImage[];
  readonly tables: TableImage[];
  /** The slots of all globals. */
  globals: BigUint64Array;
  /** For each segment, whether it was dropped. */
  readonly dropped: boolean[];
}

/** Whether a program finds the whole range in something of a size. Exact for every number of 32 bits. */
export function isWithin(offset: number, length: number, size: number): boolean {
  return offset + length <= size;
}
