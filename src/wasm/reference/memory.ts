/** Memory and tables of one instance, with the checks of the specification. Bytes are handled one by one. */
import { Trap } from "../form/index.ts";
import { PAGE_BYTES } from "../module/index.ts";
import { isWithin, type StoreImage } from "../store/index.ts";

/** Why an instance stopped, thrown from wherever it was found out. */
export class TrapSignal extends Error {
  readonly trap: number;

  constructor(trap: number) {
    super(`trap ${trap}`);
    this.trap = trap;
  }
}

/** Bytes that loads and stores reach, from `i32.load` and from `i32.store` on. */
const LOAD_BYTES = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4];
const STORE_BYTES = [4, 8, 4, 8, 1, 2, 1, 2, 4];
/** Loads that extend the sign, with the bits of their results. */
const SIGNED_LOADS: Readonly<Record<number, number>> = { 4: 32, 6: 32, 8: 64, 10: 64, 12: 64 };

/** Throws unless a range lies in something of a size. All numbers are exact: they have less than 53 bits. */
export function assertWithin(offset: number, length: number, size: number, trap: number): void {
  if (!isWithin(offset, length, size)) throw new TrapSignal(trap);
}

/** What a load gives. @param index counted from `i32.load` */
export function load(bytes: Uint8Array, index: number, address: number): bigint {
  const count = LOAD_BYTES[index]!;
  assertWithin(address, count, bytes.length, Trap.MEMORY_BOUNDS);
  let value = 0n;
  for (let byte = count - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(bytes[address + byte]!);
  const width = SIGNED_LOADS[index];
  return width === undefined ? value : BigInt.asUintN(width, BigInt.asIntN(count * 8, value));
}

/** Stores a value. @param index counted from `i32.store` */
export function store(bytes: Uint8Array, index: number, address: number, value: bigint): void {
  const count = STORE_BYTES[index]!;
  assertWithin(address, count, bytes.length, Trap.MEMORY_BOUNDS);
  for (let byte = 0; byte < count; byte++)
    bytes[address + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
}

/** Adds pages. @returns the pages before, or 2^32 - 1 */
export function growMemory(image: StoreImage, memory: number, pages: number, maximum: number): bigint {
  const entry = image.memories[memory]!;
  const before = entry.bytes.length / PAGE_BYTES;
  if (before + pages > maximum) return 0xffff_ffffn;
  const bytes = new Uint8Array((before + pages) * PAGE_BYTES);
  bytes.set(entry.bytes);
  entry.bytes = bytes;
  return BigInt(before);
}

/** Adds elements. @returns the elements before, or 2^32 - 1 */
export function growTable(
  image: StoreImage,
  table: number,
  { count, reference, maximum }: { count: number; reference: number; maximum: number },
): bigint {
  const { elements } = image.tables[table]!;
  const before = elements.length;
  if (before + count > maximum) return 0xffff_ffffn;
  for (let index = 0; index < count; index++) elements.push(reference);
  return BigInt(before);
}
