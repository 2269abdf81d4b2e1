import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CACHE_HEADER_BYTES, type CacheIdentity, objectionTo, type PipelineData } from "./pipeline-data.ts";

const identity: CacheIdentity = {
  vendorId: 0x10de,
  deviceId: 0x2335,
  pipelineCacheUuid: "000102030405060708090a0b0c0d0e0f",
};

/** Cache data as the device of `identity` could give it. */
function cacheBytes(payloadBytes = 100): Uint8Array {
  const bytes = new Uint8Array(CACHE_HEADER_BYTES + payloadBytes);
  const view = new DataView(bytes.buffer);
  [32, 1, identity.vendorId, identity.deviceId].forEach((word, index) =>
    view.setUint32(index * 4, word, true),
  );
  for (let i = 0; i < 16; i++) bytes[16 + i] = i;
  return bytes;
}
const cache = (bytes: Uint8Array): PipelineData => ({ kind: "cache", bytes: [bytes] });
const changed = (offset: number, value: number): Uint8Array => {
  const bytes = cacheBytes();
  bytes[offset] = value;
  return bytes;
};

describe("cache data", () => {
  test("of this device and driver may be given to the driver", () => {
    expect(objectionTo(cache(cacheBytes()), identity)).toBeUndefined();
    expect(objectionTo(cache(cacheBytes(1)), identity)).toBeUndefined();
  });

  test("in the middle of a larger buffer is read at its offset", () => {
    const larger = new Uint8Array(500);
    larger.set(cacheBytes(), 33);
    expect(objectionTo(cache(larger.subarray(33, 33 + 132)), identity)).toBeUndefined();
  });

  test.each([
    ["only a header", cacheBytes(0), "no more than a header"],
    ["nothing", new Uint8Array(), "no more than a header"],
    ["another length of header", changed(0, 36), "header of 36 bytes"],
    ["another version", changed(4, 2), "version 2"],
    ["another vendor", changed(8, 0), "device 1000:2335, this is 10de:2335"],
    ["another device", changed(12, 0), "device 10de:2300, this is 10de:2335"],
    ["another driver", changed(31, 0xff), "driver 000102030405060708090a0b0c0d0eff"],
  ])("with %s may not", (_, bytes, objection) => {
    expect(objectionTo(cache(bytes), identity)).toContain(objection);
  });

  test("is one blob", () => {
    expect(objectionTo({ kind: "cache", bytes: [] }, identity)).toContain("0 blobs");
    expect(objectionTo({ kind: "cache", bytes: [cacheBytes(), cacheBytes()] }, identity)).toContain(
      "2 blobs",
    );
  });

  test("whose header differs in any single bit may not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: CACHE_HEADER_BYTES * 8 - 1 }), (bit) => {
        const bytes = cacheBytes();
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(objectionTo(cache(bytes), identity)).toBeTypeOf("string");
      }),
    );
  });
});

describe("binaries", () => {
  const key = Uint8Array.of(1, 2, 3);
  const bytes = Uint8Array.of(9);

  test("with one key each may be given to the driver", () => {
    expect(objectionTo({ kind: "binary", keys: [key], bytes: [bytes] }, identity)).toBeUndefined();
    expect(
      objectionTo({ kind: "binary", keys: [key, new Uint8Array(32)], bytes: [bytes, bytes] }, identity),
    ).toBeUndefined();
  });

  test.each<[string, Omit<PipelineData, "kind">, string]>([
    ["none at all", { keys: [], bytes: [] }, "0 binaries"],
    ["no keys", { bytes: [bytes] }, "0 keys for 1 binaries"],
    ["fewer keys", { keys: [key], bytes: [bytes, bytes] }, "1 keys for 2 binaries"],
    ["a key too long", { keys: [new Uint8Array(33)], bytes: [bytes] }, "a key of 33 bytes"],
    ["an empty key", { keys: [new Uint8Array()], bytes: [bytes] }, "a key of 0 bytes"],
    ["an empty binary", { keys: [key], bytes: [new Uint8Array()] }, "a binary without bytes"],
    [
      "very many",
      { keys: Array.from({ length: 300 }, () => key), bytes: Array.from({ length: 300 }, () => bytes) },
      "300 binaries",
    ],
  ])("%s may not", (_, data, objection) => {
    expect(objectionTo({ kind: "binary", ...data }, identity)).toContain(objection);
  });
});

test("no data is no data", () => {
  expect(objectionTo({ kind: "none", bytes: [] }, identity)).toBe("no data");
});
