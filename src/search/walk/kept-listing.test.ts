import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eachInFreshFolder } from "../../../test/support/fresh-folder.ts";
import { KeptListing } from "./kept-listing.ts";
import type { WalkOptions } from "./options.ts";
import type { WalkError } from "./walk-error.ts";
import { DISK } from "./walk-source.ts";
import { walk } from "./walk.ts";

let folder: string;
eachInFreshFolder("listing", (fresh) => (folder = fresh));

const visited: string[] = [];
const source = {
  ...DISK,
  entries: (...args: Parameters<typeof DISK.entries>) => {
    visited.push(args[1].slice(folder.length));
    return DISK.entries(...args);
  },
};

function kept(named: string | undefined, options: WalkOptions): KeptListing<string> {
  const handleOf = (directory: string, name: string): string => `${directory}/${name}`;
  return new KeptListing({ named, isOnly: true, walk: { cwd: folder, ...options }, source, handleOf });
}

/** The listing is what a walk gives now. @returns the directories that were listed for it */
function expectCurrent(
  listing: KeptListing<string>,
  named: string | undefined,
  options: WalkOptions,
): string[] {
  visited.length = 0;
  const { files, errors, outerErrors } = listing.current();
  const listed = [...visited];
  const walkErrors: WalkError[] = [];
  const onError = (error: WalkError): void => void walkErrors.push(error);
  const paths = named === undefined ? [] : [named];
  expect(files).toEqual([...walk(paths, { cwd: folder, ...options, onError })]);
  expect([...outerErrors, ...errors]).toEqual(walkErrors);
  return listed;
}

it("lists again only what is another than before", () => {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  mkdirSync(join(folder, "c"));
  for (const name of ["1.txt", "a/2.txt", "a/b/3.txt", "c/4.log"]) writeFileSync(join(folder, name), "");
  const listing = kept(undefined, { sort: "path" });
  expect(expectCurrent(listing, undefined, { sort: "path" })).toEqual(["", "/a", "/a/b", "/c"]);
  const before = listing.current();
  expect(listing.current()).toBe(before);
  expect(before.handles).toEqual(before.files.map(({ path }) => `${folder}/${path}`));

  writeFileSync(join(folder, "a/5.txt"), "");
  listing.changed(`${folder}/a`, false);
  expect(expectCurrent(listing, undefined, { sort: "path" })).toEqual(["/a"]);

  writeFileSync(join(folder, "a/.ignore"), "3.txt\n");
  listing.changed(`${folder}/a`, true);
  expect(expectCurrent(listing, undefined, { sort: "path" })).toEqual(["/a", "/a/b"]);

  renameSync(join(folder, "a/b"), join(folder, "c/b"));
  listing.changed(`${folder}/a`, false);
  listing.changed(`${folder}/c`, false);
  expect(expectCurrent(listing, undefined, { sort: "path" }).toSorted()).toEqual(["/a", "/c", "/c/b"]);
  expect(listing.has(`${folder}/a/b`)).toBe(false);
});

it("follows what the named path is: a directory, a file, nothing, and a directory again", () => {
  const listing = kept("x", {});
  expectCurrent(listing, "x", {});
  mkdirSync(join(folder, "x"));
  writeFileSync(join(folder, "x/1.txt"), "");
  expectCurrent(listing, "x", {});
  rmSync(join(folder, "x"), { recursive: true });
  writeFileSync(join(folder, "x"), "");
  expectCurrent(listing, "x", {});
  expect(listing.current().handles).toEqual([undefined]);
});

it("repeats what it said of rules that do not parse, in other directories and from outside", () => {
  mkdirSync(join(folder, "a"));
  writeFileSync(join(folder, "a/.ignore"), "{a\n");
  writeFileSync(join(folder, "1.txt"), "");
  const options = { ignoreFiles: ["nowhere"] };
  const listing = kept(undefined, options);
  for (const name of ["2.txt", "3.txt"]) {
    expectCurrent(listing, undefined, options);
    writeFileSync(join(folder, name), "");
    listing.changed(folder, false);
  }
  expectCurrent(listing, undefined, options);
});
