import fc from "fast-check";
import { expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { PAYLOAD_BYTES_MAX } from "./constants.ts";
import { decodeDecline, encodeDecline } from "./answers.ts";
import { decodeRequest, encodeRequest, isOfThisVersion, type SearchRequest } from "./request.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const number64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const requests: fc.Arbitrary<SearchRequest> = fc.record({
  clientVersion: text,
  cwd: text.map((each) => `/${each}`),
  argv: fc.array(text, { maxLength: 6 }),
  env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,9}$/), text, { maxKeys: 4, noNullPrototype: true }),
  facts: fc.record({
    stdoutIsTerminal: fc.boolean(),
    stderrIsTerminal: fc.boolean(),
    stdinIsReadable: fc.boolean(),
    stdoutFile: fc.option(fc.record({ device: number64, inode: number64 }), { nil: undefined }),
  }),
});

it("comes back as it was sent", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const payload = encodeRequest(request) as Buffer;
      expect(isOfThisVersion(payload)).toBe(true);
      const got = decodeRequest(payload);
      expect({ ...got, env: { ...got?.env } }).toEqual(request);
    }),
    propertyRuns(300),
  );
});

it("that is cut off or has bytes too many is refused, wherever that is", () => {
  fc.assert(
    fc.property(requests, fc.nat(), (request, place) => {
      const payload = encodeRequest(request) as Buffer;
      const refused = expect.objectContaining({ code: "EW_DAEMON_PROTOCOL" });
      expect(() => decodeRequest(payload.subarray(0, place % payload.length))).toThrow(refused);
      expect(() => decodeRequest(Buffer.concat([payload, Buffer.alloc(1 + (place % 9))]))).toThrow(refused);
    }),
    propertyRuns(300),
  );
});

it("with any bytes changed gives a request or is refused", () => {
  fc.assert(
    fc.property(requests, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }), (request, changes) => {
      const payload = encodeRequest(request) as Buffer;
      for (const [place, byte] of changes) payload[place % payload.length] = byte;
      try {
        const got = decodeRequest(payload);
        expect(got === undefined || got.cwd.startsWith("/")).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: "EW_DAEMON_PROTOCOL" });
      }
    }),
    propertyRuns(500),
  );
});

it("is undefined where a text is not UTF-8, and where it is too large to be sent", () => {
  const request = {
    clientVersion: "1",
    cwd: "/",
    argv: ["foo"],
    env: {},
    facts: {
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      stdinIsReadable: false,
      stdoutFile: undefined,
    },
  };
  const payload = encodeRequest(request) as Buffer;
  payload[payload.lastIndexOf("foo")] = 0xff;
  expect(decodeRequest(payload)).toBeUndefined();
  expect(encodeRequest({ ...request, argv: ["x".repeat(PAYLOAD_BYTES_MAX)] })).toBeUndefined();
});

it("a decline keeps its reason and its text; what is no decline is refused", () => {
  const decline = { reason: "otherVersion", text: "of version 2 – ü" } as const;
  expect(decodeDecline(encodeDecline(decline))).toEqual(decline);
  for (const length of [0, 4, 7, 12])
    expect(() => decodeDecline(encodeDecline(decline).subarray(0, length))).toThrow(
      expect.objectContaining({ code: "EW_DAEMON_PROTOCOL" }),
    );
});
