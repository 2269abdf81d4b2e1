import { expect, test } from "vitest";
import { secondLevelFrom, storeAt } from "./store-choice.ts";

test("a place means a folder or an address", () => {
  expect(storeAt("/mnt/programs").name).toBe("/mnt/programs");
  expect(storeAt("programs").name).toBe(`${process.cwd()}/programs`);
  expect(storeAt("https://host/a/").name).toBe("https://host/a/");
  for (const place of ["ftp://host/a", "https://", "file:///mnt"])
    expect(() => storeAt(place)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
});

test("there is no store unless one is named, and none if the cache is off", () => {
  expect(secondLevelFrom({})).toBeUndefined();
  expect(secondLevelFrom({ EVERWARP_CACHE_STORE: "" })).toBeUndefined();
  const named = { EVERWARP_CACHE_STORE: "/mnt/programs" };
  expect(secondLevelFrom({ ...named, EVERWARP_PROGRAM_CACHE: "off" })).toBeUndefined();
  expect(secondLevelFrom(named)?.name).toBe("/mnt/programs");
});
