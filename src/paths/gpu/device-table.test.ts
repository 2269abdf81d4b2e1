/** Places of pages and guesses, on a fake device that only has addresses. */
import { describe, expect, it } from "vitest";
import { EverwarpError } from "../../base/errors.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { PathRequest, Table, TableHeader } from "../table/table.schema.ts";
import { DeviceTable } from "./device-table.ts";

/** Consecutive buffers, none of which begins where a page may begin. */
class Addresses {
  readonly sizes: [label: string, sizeBytes: number][] = [];
  refused: string | undefined;
  #next = 0x1234_5678_9ab0n;

  readonly device = {
    createBuffer: ({ sizeBytes, label }: { sizeBytes: number; label: string }) => {
      if (label === this.refused) throw new EverwarpError("EW_OUT_OF_DEVICE_MEMORY", "the test has none");
      this.sizes.push([label, sizeBytes]);
      const address = this.#next;
      this.#next += BigInt(sizeBytes) + 16n;
      const host = label === "path table directory" ? new ArrayBuffer(sizeBytes) : undefined;
      return { address, sizeBytes, host } as unknown as DeviceBuffer;
    },
  } as unknown as Device;
}

const RUN = [{ begin: 0, end: Table.PAGE_WORDS + 4 }];

function open(entryCount: number, guessCount?: number) {
  const addresses = new Addresses();
  const image = new Uint32Array(64);
  image[TableHeader.ENTRY_COUNT] = entryCount;
  const table = new DeviceTable(addresses.device, image, guessCount);
  const words = new Uint32Array(table.directory.host);
  return { addresses, image, table, words };
}

describe("the table on a device", () => {
  it("gives each written page one place of its own", () => {
    const { table, words } = open(0);
    table.cover(RUN);
    const first = words.slice(0, 3);
    expect(first[0]).toBeGreaterThan(0);
    expect(first[1]! - first[0]!).toBe((Table.PAGE_WORDS * 4) >>> PathRequest.PAGE_ADDRESS_BITS);
    expect(first[2]).toBe(0);
    expect(table.pageCount).toBe(2);
    table.cover([{ begin: Table.PAGE_WORDS * 7, end: Table.PAGE_WORDS * 7 + 4 }]);
    table.cover(RUN);
    expect(words.slice(0, 3)).toEqual(first);
    expect(table.pageCount).toBe(8);
    const last = PathRequest.PAGES_MAX * Table.PAGE_WORDS;
    expect(() => table.cover([{ begin: last, end: last + 4 }])).toThrow(/does not fit a device/);
  });

  it("moves guesses to larger memory with a write when there are more entries", () => {
    const { table, image, words, addresses } = open(100);
    const address = (): Uint32Array => words.slice(PathRequest.GUESSES_ADDRESS, PathRequest.GUESS_MASK + 1);
    const small = address();
    expect(small[2]).toBe(2 ** 12 - 1);
    image[TableHeader.ENTRY_COUNT] = 1_000_000;
    expect(address()).toEqual(small);
    table.cover(RUN);
    const large = address();
    expect(large[2]).toBe(2 ** 18 - 1);
    expect(large[0]).not.toBe(small[0]);
    expect(addresses.sizes).toContainEqual(["guesses", 2 ** 20]);
    image[TableHeader.ENTRY_COUNT] = 3;
    table.cover(RUN);
    expect(address()).toEqual(large);
    expect(table.allocatedBytes).toBe(addresses.sizes.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0));
  });

  it("keeps its guesses if there is no memory for more, or their number was given", () => {
    const { table, image, words, addresses } = open(100);
    addresses.refused = "guesses";
    image[TableHeader.ENTRY_COUNT] = 1_000_000;
    table.cover(RUN);
    expect(words[PathRequest.GUESS_MASK]).toBe(2 ** 12 - 1);
    expect(table.guessCount).toBe(2 ** 12);
    addresses.refused = "path table";
    expect(() => table.cover([{ begin: 2 ** 22, end: 2 ** 22 + 4 }])).toThrow(/the test has none/);
    const fixed = open(1_000_000, 4);
    fixed.table.cover(RUN);
    expect(fixed.words[PathRequest.GUESS_MASK]).toBe(3);
  });
});
