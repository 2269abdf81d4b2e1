import fc from "fast-check";
import { expect, it } from "vitest";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { bytesOfText, byteText, holdsBytes, lossyText, systemPath } from "./byte-text.ts";

const bytes = (latin1: string): Buffer => Buffer.from(latin1, "latin1");

it("brings any bytes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (some) => {
      expect(bytesOfText(byteText(some))).toEqual(Buffer.from(some));
      // What Node makes of bytes that are not UTF-8 is the standard's: U+FFFD for each maximal part.
      expect(lossyText(byteText(some))).toBe(Buffer.from(some).toString("utf8"));
    }),
    propertyRuns(2000),
  );
});

it("is the text itself where all of it is UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const whole = Buffer.from(text).toString();
      expect(byteText(Buffer.from(whole))).toBe(whole);
      expect(holdsBytes(whole)).toBe(false);
      expect(systemPath(whole)).toBe(whole);
    }),
    propertyRuns(500),
  );
});

it("has a lone surrogate for each other byte", () => {
  expect(byteText(bytes("foo\xffbar"))).toBe("foo\udcffbar");
  expect(byteText(bytes("\xf0\x9f\xa6\x80\xf0\x9f\xa6"))).toBe("🦀\udcf0\udc9f\udca6");
  expect(systemPath("a\udcff")).toEqual(bytes("a\xff"));
  expect(holdsBytes("🦀")).toBe(false);
});
