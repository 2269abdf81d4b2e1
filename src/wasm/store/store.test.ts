/** What a store gives to what is added to it. */
import { expect, test } from "vitest";
import { PAGE_BYTES } from "../module/index.ts";
import { Store } from "./store.ts";

test.each([0, 1, 32_767, 32_768, 65_535, 65_536])("a memory of %i pages has all of their bytes", (pages) => {
  const store = new Store({ maxMemoryPages: 0, maxTableElements: 0 });
  const { index } = store.addMemory(pages, undefined);
  expect(store.image.memories[index]!.bytes.length / PAGE_BYTES).toBe(pages);
  expect(store.memories[index]!.maximum).toBe(pages);
});
