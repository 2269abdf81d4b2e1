import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeEntry,
  encodeEntry,
  ENTRY_END_BYTES,
  type Entry,
  type EntryHeader,
  nextUse,
} from "./entry-file.ts";

const header: EntryHeader = {
  id: `${"a".repeat(32)}.${"b".repeat(16)}.${"c".repeat(16)}`,
  name: "a kernel",
  nameKey: "k",
  target: { device: "d", driver: "r", dataKey: "00" },
  compiler: "c",
  entryPoint: "main",
  constants: { 3: 7 },
  pushConstantBytes: 12,
  pipelineKey: "p",
  createdAtMs: 1000,
  compileMs: 20,
  driverMs: 5,
};
const spirv = new Uint32Array([0x0723_0203, 1, 2, 3]);
const whole = encodeEntry({ header, spirv, data: { kind: "cache", bytes: [new Uint8Array([1, 2, 3])] } });

const bytes = fc.uint8Array({ maxLength: 50 });
const entries = fc.record({
  header: fc.record({
    id: fc.constant(header.id),
    name: fc.string({ unit: "binary" }),
    nameKey: fc.string(),
    target: fc.record({ device: fc.string(), driver: fc.string(), dataKey: fc.string() }),
    compiler: fc.string(),
    entryPoint: fc.string(),
    constants: fc.dictionary(fc.nat().map(String), fc.nat()),
    pushConstantBytes: fc.nat(),
    pipelineKey: fc.string(),
    createdAtMs: fc.nat(),
    compileMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
    driverMs: fc.nat(),
  }),
  spirv: fc.array(fc.nat({ max: 0xffff_ffff })).map((words) => new Uint32Array(words)),
  data: fc.option(
    fc.oneof(
      fc.record({ kind: fc.constant("cache" as const), keys: fc.constant([]), bytes: fc.tuple(bytes) }),
      fc.array(fc.tuple(bytes, bytes)).map((pairs) => ({
        kind: "binary" as const,
        keys: pairs.map(([key]) => key),
        bytes: pairs.map(([, blob]) => blob),
      })),
    ),
    { nil: undefined },
  ),
  use: fc.record({ uses: fc.nat(), lastUseMs: fc.nat() }),
});

function decoded(of: Uint8Array): Entry {
  const answer = decodeEntry(of, header.id);
  if (!answer.ok) throw new Error(answer.reason);
  return answer.entry;
}

test("decoding gives what was encoded, at any alignment", () => {
  fc.assert(
    fc.property(entries, fc.nat({ max: 7 }), (entry, offset) => {
      const encoded = encodeEntry(entry, entry.use);
      const moved = new Uint8Array(encoded.length + offset);
      moved.set(encoded, offset);
      const out = decoded(moved.subarray(offset));
      expect(out.header).toEqual(JSON.parse(JSON.stringify(entry.header)));
      expect([...out.spirv]).toEqual([...entry.spirv]);
      expect(out.use).toEqual(entry.use);
      expect(out.data?.kind).toBe(entry.data?.kind);
      const parts = (data: Entry["data"]): number[][] =>
        [...(data?.keys ?? []), ...(data?.bytes ?? [])].map((each) => [...each]);
      expect(parts(out.data)).toEqual(parts(entry.data));
    }),
  );
});

describe("damage", () => {
  test("of any single bit is found, except in the record of use, which is then reset", () => {
    for (let place = 0; place < whole.length; place++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Uint8Array.from(whole);
        damaged[place] = (damaged[place] ?? 0) ^ (1 << bit);
        const answer = decodeEntry(damaged, header.id);
        const isUse = place >= whole.length - ENTRY_END_BYTES / 2;
        expect([place, answer.ok]).toEqual([place, isUse]);
        if (answer.ok) expect(answer.entry.use).toEqual({ uses: 0, lastUseMs: 0 });
      }
    }
  });

  test("by truncation or extension is found", () => {
    for (let length = 0; length < whole.length; length++)
      expect(decodeEntry(whole.subarray(0, length)).ok).toBe(false);
    expect(decodeEntry(new Uint8Array([...whole, 0]))).toMatchObject({ ok: false });
  });

  test("of any kind gives a reason and never an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: whole.length }), (noise, keep) => {
        const mixed = new Uint8Array([...whole.subarray(0, keep), ...noise]);
        if (Buffer.compare(mixed, whole) === 0) return;
        const answer = decodeEntry(mixed);
        // Random bytes in the record of use do not damage the entry.
        if (answer.ok) expect(keep).toBeGreaterThanOrEqual(whole.length - ENTRY_END_BYTES / 2);
        else expect(answer.reason).not.toBe("");
      }),
    );
  });

  test("with a correct checksum is refused if the content is invalid", () => {
    const wrong: [object, RegExp][] = [
      [{ id: 5 }, /header's id/],
      [{ id: "../../etc/passwd" }, /header's id/],
      [{ target: {} }, /header's target/],
      [{ constants: { 1: "x" } }, /header's constants/],
      [{ compileMs: "1" }, /header's compileMs/],
      [{ measured: { figure: 1 } }, /measured/],
    ];
    for (const [change, reason] of wrong) {
      const answer = decodeEntry(
        encodeEntry({ header: { ...header, ...change } as EntryHeader, spirv, data: undefined }),
      );
      expect(answer).toMatchObject({ ok: false, reason: expect.stringMatching(reason) as string });
    }
  });

  test("under another name is reported", () => {
    const other = header.id.replace("a", "f");
    expect(decodeEntry(whole, other)).toEqual({ ok: false, reason: `it is the entry ${header.id}` });
  });
});

test("uses are counted in place, and a damaged count restarts at zero", () => {
  const file = Uint8Array.from(whole);
  const end = file.subarray(file.length - ENTRY_END_BYTES);
  for (let uses = 1; uses < 4; uses++) {
    end.set(nextUse(end, 5000 + uses) ?? [], ENTRY_END_BYTES / 2);
    expect(decoded(file).use).toEqual({ uses, lastUseMs: 5000 + uses });
  }
  file[file.length - 1] = (file[file.length - 1] ?? 0) ^ 1;
  end.set(nextUse(end, 9000) ?? [], ENTRY_END_BYTES / 2);
  expect(decoded(file).use).toEqual({ uses: 1, lastUseMs: 9000 });
  expect(nextUse(new Uint8Array(3), 0)).toBeUndefined();
});
