import { expect, it } from "vitest";
import { isWordByte } from "./word-byte.ts";

it("the word characters of ASCII are those of the regex syntax: [0-9A-Za-z_]", () => {
  const expected = new Set(Buffer.from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"));
  for (let byte = 0; byte < 256; byte++) expect(isWordByte(byte), `byte ${byte}`).toBe(expected.has(byte));
});
