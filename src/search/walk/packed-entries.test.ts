import { expect, it } from "vitest";
import type { Entry } from "./entries.ts";
import { PackedEntries } from "./packed-entries.ts";

const entry = (name: string, kind: Entry["kind"], nameBytes?: Buffer): Entry => ({ name, nameBytes, kind });

it.each<[string, Entry[]]>([
  ["no entries", []],
  [
    "all kinds",
    [
      entry("a", "file"),
      entry("b", "directory"),
      entry("c", "link"),
      entry("d", "other"),
      entry("é", "file"),
    ],
  ],
  [
    "a name that is not UTF-8",
    [entry("x", "file"), entry("\ufffd", "file", Buffer.of(0xff)), entry("y", "file")],
  ],
  ["one file", [entry("only", "file")]],
])("keeps %s", (_, entries) => {
  const packed = new PackedEntries(entries);
  const unpacked = packed.unpack();
  expect(unpacked).toEqual(entries);
  unpacked.length = 0; // it is the caller's
  expect(packed.unpack()).toEqual(entries);
});
