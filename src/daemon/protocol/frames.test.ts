import fc from "fast-check";
import { expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { PAYLOAD_BYTES_MAX } from "./constants.ts";
import { encodeFrame, encodeOutput, FrameReader } from "./frames.ts";

const frames = fc.array(fc.tuple(fc.nat(2 ** 32 - 1), fc.uint8Array({ maxLength: 300 })), { maxLength: 8 });

it("come back as they were, in pieces of any size", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(([kind, payload]) => encodeFrame(kind, payload)));
      const reader = new FrameReader();
      const got: [number, Uint8Array][] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] as number;
        for (const { kind, payload } of reader.read(bytes.subarray(at, at + size)))
          got.push([kind, Uint8Array.from(payload)]);
        at += size;
      }
      expect(got).toEqual(sent);
    }),
    propertyRuns(200),
  );
});

it("above the limit are refused by their header alone, and those at the limit are taken", () => {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(PAYLOAD_BYTES_MAX + 1, 0);
  expect(() => [...new FrameReader().read(header)]).toThrow(
    expect.objectContaining({ code: "EW_DAEMON_PROTOCOL" }),
  );
  const [frame] = [...new FrameReader().read(encodeFrame(1, Buffer.alloc(PAYLOAD_BYTES_MAX, 7)))];
  expect(frame?.payload.length).toBe(PAYLOAD_BYTES_MAX);
});

it("of output are as many as its bytes need", () => {
  const bytes = Buffer.alloc(2 * PAYLOAD_BYTES_MAX + 5, 3);
  const got = [...new FrameReader().read(Buffer.concat([...encodeOutput(17, bytes)]))];
  expect(got.map(({ payload }) => payload.length)).toEqual([PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX, 5]);
  expect(Buffer.concat(got.map(({ payload }) => payload)).equals(bytes)).toBe(true);
  expect([...encodeOutput(17, new Uint8Array())]).toEqual([]);
});
