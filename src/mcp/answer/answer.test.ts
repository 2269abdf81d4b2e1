import { describe, expect, it } from "vitest";
import { clippedLine, countOf, cursorAfter, Page, pathOrder, readCursor } from "./index.ts";

describe("a cursor", () => {
  const query = ["search", "--regexp=x", "--"];

  it("brings back where it was made, whatever bytes a path has", () => {
    for (const path of ["a", "a/b c", "line\nfeed", "\xff\xfe", "1/2", "ü".repeat(500)].map((name) =>
      Buffer.from(name, "utf8").toString("latin1"),
    ))
      for (const line of [0, 1, 999_999_999_999_999])
        expect(readCursor(query, cursorAfter(query, { path, line }))).toEqual({ path, line });
  });

  it("belongs to one query, and is nothing else", () => {
    const cursor = cursorAfter(query, { path: "a", line: 1 });
    expect(readCursor(query, undefined)).toBeUndefined();
    for (const bad of [
      "",
      "x",
      cursor.slice(1),
      cursor.slice(0, 8),
      `${cursor.slice(0, 8)}!!!`,
      "€".repeat(9),
    ])
      expect(() => readCursor(query, bad)).toThrow(/is none of this query\. Repeat all arguments/);
    expect(() => readCursor([...query, "src"], cursor)).toThrow(/is none of this query/);
  });
});

describe("a page", () => {
  const order = pathOrder([]);
  const at = (path: string, line: number): { path: string; line: number } => ({ path, line });

  it("takes what fits, and nothing after the first that does not", () => {
    const page = new Page(10, order, undefined);
    expect(page.add(at("a", 1), ["12345"])).toBe(true);
    expect(page.add(at("a", 2), ["12345"])).toBe(false);
    expect(page.add(at("a", 3), ["1"])).toBe(false);
    expect(page).toMatchObject({ text: "12345", isFull: true, last: at("a", 1) });
  });

  it("counts bytes with the line feeds", () => {
    const page = new Page(6, order, undefined);
    expect(page.add(at("a", 1), ["ü"])).toBe(true);
    expect(page.add(at("a", 2), ["ü"])).toBe(true);
    expect(page.add(at("a", 3), [""])).toBe(false);
  });

  it("takes one result, however large", () => {
    const page = new Page(1, order, undefined);
    expect(page.add(at("a", 1), ["x".repeat(100)])).toBe(true);
    expect(page.add(at("a", 2), ["x"])).toBe(false);
  });

  it("leaves out what stood on the pages before", () => {
    const page = new Page(100, order, at("b", 5));
    for (const [path, line, isNew] of [
      ["a", 9, false],
      ["b", 4, false],
      ["b", 5, false],
      ["b", 6, true],
      ["c", 1, true],
    ] as const)
      expect(page.add(at(path, line), ["x"])).toBe(isNew);
    expect(page.isFull).toBe(false);
  });
});

describe("the order of paths", () => {
  it("is that of names, folder by folder", () => {
    const sorted = ["a", "a/b", "a/b/c", "a-b", "a.b/c", "aa", "b"];
    expect(sorted.toReversed().toSorted(pathOrder([]))).toEqual(sorted);
  });

  it("begins with what was named first", () => {
    const sorted = ["z/a", "z/b", "b", "a/z"];
    expect(sorted.toReversed().toSorted(pathOrder(["z", "b", "a"]))).toEqual(sorted);
  });
});

describe("a long line", () => {
  it("is cut where the match can still be seen", () => {
    expect(clippedLine("short\r\n", 10)).toBe("short");
    expect(clippedLine("0123456789", 10)).toBe("0123456789");
    expect(clippedLine("0123456789ab", 10)).toBe("0123456789 [… 2 characters]");
    expect(clippedLine("0123456789abcdefghij", 8, 10)).toBe("[… 8 characters] 89abcdef [… 4 characters]");
    expect(clippedLine("0123456789abcdefghij\n", 8, 19)).toBe("[… 12 characters] cdefghij");
  });
});

describe("a number of things", () => {
  it("agrees with its noun", () => {
    expect([0, 1, 2, 12_345].map((count) => countOf(count, "line"))).toEqual([
      "0 lines",
      "1 line",
      "2 lines",
      "12,345 lines",
    ]);
  });
});
