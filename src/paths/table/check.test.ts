/** No record of a table crosses a page: the check refuses one that would, in a table that is sound in all else. */
import { expect, it } from "vitest";
import { encode, refuse } from "../../../test/support/table-grounds.ts";
import { PathTree } from "../tree/tree.ts";
import { assertTable } from "./check.ts";
import { ROOT_INODE } from "./linux.ts";
import { PathTable } from "./table.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const { KIND_BITS, KIND_MASK, PAGE_WORDS, RECORD_LENGTH, VECTOR_WORDS } = Table;
const PAGE_VECTORS = PAGE_WORDS / VECTOR_WORDS;
/** The last vector of the first page. */
const LAST = PAGE_VECTORS - 1;

/** Files with names of one vector each, until the names take so many vectors. */
function filledTo(vectors: number): PathTree {
  const tree = new PathTree(new PathTable({ maxEntries: PAGE_VECTORS + 100, hashSeed: 7 }));
  for (let count = 0; tree.table.words[H.NAME_VECTORS] < vectors; count++)
    tree.addFileIn(ROOT_INODE, encode(count.toString(36)));
  expect(tree.table.words[H.NAME_VECTORS]).toBe(vectors);
  return tree;
}

/** The word at which a record of the names begins. */
const recordAt = (words: Uint32Array, vector: number): number => words[H.NAMES_AT] + vector * VECTOR_WORDS;

it("a free record", () => {
  const tree = filledTo(LAST);
  const { words } = tree.table;
  tree.addFileIn(ROOT_INODE, encode("last"));
  tree.addFileIn(ROOT_INODE, encode("next"));
  for (const name of ["last", "next"]) tree.remove(encode(name), false);
  assertTable(words, refuse);
  // Two free records of one vector each, on both sides of the border, become one of two vectors.
  expect(words[H.FREE_LISTS + 1]).toBe(PAGE_VECTORS);
  expect(words[recordAt(words, PAGE_VECTORS)]).toBe(LAST);
  words[H.FREE_LISTS + 1] = words[recordAt(words, LAST)];
  words[recordAt(words, LAST)] = 0;
  words[H.FREE_LISTS + 2] = LAST;
  expect(() => assertTable(words, refuse)).toThrow("a free record crosses a page");
});

it("the record of a name", () => {
  const tree = filledTo(LAST);
  const { words } = tree.table;
  tree.addFileIn(ROOT_INODE, encode("last"));
  tree.addFileIn(ROOT_INODE, encode("next"));
  tree.remove(encode("next"), false);
  assertTable(words, refuse);
  words[recordAt(words, LAST) + RECORD_LENGTH] = 12;
  expect(() => assertTable(words, refuse)).toThrow("a record crosses a page");
});

it("the record of a target", () => {
  const found = [LAST - 1, LAST].flatMap((vectors) => {
    const tree = filledTo(vectors);
    const { words } = tree.table;
    const link = tree.addSymlink(encode("ab"), encode("link"));
    const isAtEnd = words[words[H.INODES_AT] + link] >>> KIND_BITS === LAST;
    return isAtEnd ? [{ tree, words, link }] : [];
  });
  expect(found).toHaveLength(1);
  const [{ tree, words, link }] = found as [(typeof found)[0]];
  expect(words[words[H.INODES_AT] + link] & KIND_MASK).toBeGreaterThan(0);
  tree.addFileIn(ROOT_INODE, encode("next"));
  tree.remove(encode("next"), false);
  assertTable(words, refuse);
  words[recordAt(words, LAST)] = 30;
  expect(() => assertTable(words, refuse)).toThrow("a target crosses a page");
});
