import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { writeSealedFile } from "../../../test/support/sealed-file.ts";
import { EverwarpError } from "../../base/errors.ts";
import type { KernelMemory } from "../kernel/kernel-instance.ts";
import { encodePosition, isSplit, type LoopPosition, POSITION_BYTES_MAX } from "../launch/loop-position.ts";
import type { Priority } from "../queue/priority.ts";
import type { CheckpointIdentity } from "./checkpoint-format.ts";
import { encodeRequests, loadKernel, saveKernel, type StoredRequest } from "./kernel-checkpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-kernel-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "file");

const identity: CheckpointIdentity = { deviceKey: "d", driverKey: "d", kernelKey: "k", layoutHash: "l" };
const progress = { iterations: 0, phase: "parked", sequences: [0, 0], taken: 0, workgroupCount: 1 };
const TYPES = { requestWords: 3, stateBytes: 256 };
const PRIORITIES = [0, 1] as const;

/**
 * The state that a kernel leaves: the requests in flight by priority, and how many of them each workgroup has finished.
 */
interface Left {
  readonly slots: number;
  readonly inFlight: readonly [number, number];
  readonly ahead: readonly [readonly number[], readonly number[]];
  readonly progress: readonly [readonly bigint[], readonly bigint[]];
}

const priority = (workgroups: number, slots: number) =>
  fc
    .tuple(
      fc.nat(slots),
      fc.array(fc.nat(slots), { minLength: workgroups, maxLength: workgroups }),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: workgroups, maxLength: workgroups }),
    )
    .map(([inFlight, raw, long]) => {
      const least = Math.min(...raw);
      const ahead = raw.map((count) => Math.min(count - least, inFlight));
      return { inFlight, ahead, progress: long.map((value, at) => (ahead[at]! < inFlight ? value : 0n)) };
    });
const lefts: fc.Arbitrary<Left> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 2, 8))
  .chain(([workgroups, slots]) =>
    fc.tuple(priority(workgroups, slots), priority(workgroups, slots)).map(([normal, urgent]) => ({
      slots,
      inFlight: [normal.inFlight, urgent.inFlight],
      ahead: [normal.ahead, urgent.ahead],
      progress: [normal.progress, urgent.progress],
    })),
  );

function positionOf({ slots, inFlight, ahead, progress: begun }: Left): LoopPosition {
  const of = (which: Priority): LoopPosition["priorities"][0] => ({
    ahead: Uint32Array.from(ahead[which]),
    progress: BigUint64Array.from(begun[which]),
    arrivals: BigUint64Array.from({ length: slots }, (_, place) => {
      const arrived = BigInt(ahead[which].filter((count) => count > place).length);
      return place < inFlight[which] && arrived > 0n ? arrived | (7n << 16n) : 0n;
    }),
  });
  return {
    workgroupCount: ahead[0].length,
    priorities: [of(0), of(1)],
    taken: new Uint32Array(ahead[0].length).fill(9),
    totals: new BigUint64Array(6),
  };
}

function requestsOf({ inFlight }: Left): StoredRequest[] {
  return PRIORITIES.flatMap((which) =>
    Array.from({ length: inFlight[which] }, (_, at) => ({
      priority: which,
      words: Uint32Array.of(which, at, 0xffff_ffff),
    })),
  );
}

function sectionsOf(left: Left): Map<string, Uint8Array> {
  return new Map([
    ["state", new Uint8Array(TYPES.stateBytes).fill(3)],
    ["position", encodePosition(positionOf(left))],
    ["requests", encodeRequests(requestsOf(left))],
  ]);
}

interface Loaded {
  memory: KernelMemory;
  requests: StoredRequest[];
}

/** Loads sections. Gives memory and requests, or the code and the text of the error. */
async function load(sections: ReadonlyMap<string, Uint8Array>): Promise<Loaded | string> {
  writeSealedFile(file, { identity, progress }, sections);
  return loadKernel(file, identity, TYPES, {}).catch((error: unknown) => {
    if (!(error instanceof EverwarpError)) throw error;
    return `${error.code} ${error.message}`;
  });
}

/** Checks everything that the parts of a kernel rely on. */
function assertUsable({ memory, requests }: Loaded): void {
  const { state, position } = memory;
  expect(state.length).toBe(TYPES.stateBytes);
  for (const { words } of requests) expect(words.length).toBe(TYPES.requestWords);
  for (const which of PRIORITIES) {
    const count = requests.filter((one) => one.priority === which).length;
    const { ahead, progress: begun, arrivals } = position.priorities[which];
    expect([ahead.length, begun.length]).toEqual([position.workgroupCount, position.workgroupCount]);
    expect(Math.min(...ahead)).toBe(0);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(count);
    ahead.forEach((finished, workgroup) => {
      if (finished === count) expect(begun[workgroup]).toBe(0n);
    });
    arrivals.forEach((counter, place) => {
      const arrived = ahead.filter((finished) => finished > place).length;
      expect(Number(counter & 0xffffn)).toBe(arrived);
      if (place >= count) expect(counter).toBe(0n);
    });
  }
}

describe("a kernel's checkpoint", () => {
  it("restores memory and requests exactly", async () => {
    await fc.assert(
      fc.asyncProperty(lefts, async (left) => {
        const position = positionOf(left);
        const requests = requestsOf(left);
        const memory = { state: new Uint8Array(TYPES.stateBytes).fill(5), position };
        const inFlight = PRIORITIES.map((which) =>
          requests.filter((one) => one.priority === which).map(({ words }) => words),
        );
        await saveKernel(file, identity, memory, inFlight);
        expect(await loadKernel(file, identity, TYPES, {})).toEqual({ memory, requests });
      }),
      propertyRuns(30),
    );
  });

  const idle: Left = {
    slots: 8,
    inFlight: [0, 0],
    ahead: [
      [0, 0],
      [0, 0],
    ],
    progress: [
      [0n, 0n],
      [0n, 0n],
    ],
  };
  const busy: Left = {
    ...idle,
    inFlight: [2, 0],
    ahead: [
      [1, 0],
      [0, 0],
    ],
    progress: [
      [0n, 5n],
      [0n, 0n],
    ],
  };
  const words = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);
  const changed = (left: Left, name: string, content: Uint8Array): Map<string, Uint8Array> =>
    new Map([...sectionsOf(left), [name, content]]);
  const without = (name: string): Map<string, Uint8Array> => {
    const sections = sectionsOf(busy);
    sections.delete(name);
    return sections;
  };
  const at = (left: Left, change: (position: LoopPosition) => void): Map<string, Uint8Array> => {
    const position = positionOf(left);
    change(position);
    return changed(left, "position", encodePosition(position));
  };

  it("in the middle of a request is restored exactly", async () => {
    expect(isSplit(positionOf(busy))).toBe(true);
    for (const left of [idle, busy]) assertUsable((await load(sectionsOf(left))) as Loaded);
  });

  it.each<[string, Map<string, Uint8Array>]>([
    ["a request of 61 words", changed(busy, "requests", words(0, 61, ...Array<number>(61).fill(7)))],
    ["a request with the wrong word count", changed(busy, "requests", words(0, 3, 1, 1, 1, 0, 2, 1, 1))],
    [
      "a request that claims fewer words than it has",
      changed(busy, "requests", words(0, 3, 1, 1, 1, 0, 2, 1, 1, 1)),
    ],
    ["a request of no words", changed(busy, "requests", words(0, 0, 1, 0))],
    ["a request whose length overflows", changed(busy, "requests", words(0, 0xffff_ffff, 1, 1, 1))],
    ["a request of a third priority", changed(busy, "requests", words(2, 3, 1, 1, 1))],
    [
      "requests that end in the middle of a word",
      changed(busy, "requests", words(0, 3, 1, 1, 1).subarray(0, 18)),
    ],
    [
      "more requests than slots",
      changed(idle, "requests", encodeRequests(requestsOf({ ...idle, inFlight: [9, 0] }))),
    ],
    ["workgroups ahead, and no request", changed(busy, "requests", new Uint8Array(0))],
    [
      "workgroups ahead of requests of the other priority",
      changed(busy, "requests", encodeRequests(requestsOf({ ...busy, inFlight: [0, 2] }))),
    ],
    [
      "a workgroup further ahead than there are requests",
      at(busy, ({ priorities }) => (priorities[0].ahead[0] = 3)),
    ],
    ["a workgroup ahead by 2³² − 1", at(busy, ({ priorities }) => (priorities[0].ahead[0] = 0xffff_ffff))],
    ["all workgroups ahead", at(busy, ({ priorities }) => (priorities[0].ahead[1] = 1))],
    ["progress of a missing request", at(idle, ({ priorities }) => (priorities[1].progress[0] = 1n))],
    [
      "more arrivals than workgroups have finished",
      at(busy, ({ priorities }) => priorities[0].arrivals[0]++),
    ],
    ["arrivals for a missing request", at(busy, ({ priorities }) => (priorities[0].arrivals[5] = 1n))],
    ["a result that nobody gave", at(busy, ({ priorities }) => (priorities[0].arrivals[1] = 1n << 16n))],
    ["no workgroups", changed(idle, "position", words(0, 8, ...Array<number>(12 + 32).fill(0)))],
    [
      "slots that are no power of two",
      changed(idle, "position", words(1, 3, ...Array<number>(12 + 6 + 12 + 1).fill(0))),
    ],
    ["2³² − 1 workgroups", changed(idle, "position", words(0xffff_ffff, 8))],
    ["2³² − 1 slots", changed(idle, "position", words(1, 0xffff_ffff, ...Array<number>(30).fill(0)))],
    ["a position of 5 bytes", changed(idle, "position", new Uint8Array(5))],
    [
      "a position that is too large for any kernel",
      changed(idle, "position", new Uint8Array(POSITION_BYTES_MAX + 8)),
    ],
    ["a state that is too small", changed(idle, "state", new Uint8Array(TYPES.stateBytes - 4))],
    ["a state that is too large", changed(idle, "state", new Uint8Array(TYPES.stateBytes + 4))],
    ["no state", without("state")],
    ["no position", without("position")],
    ["no requests", without("requests")],
    ["one section more", changed(idle, "journal", new Uint8Array(4))],
  ])("is refused: %s", async (_what, sections) => {
    expect(await load(sections)).toMatch(/^EW_CHECKPOINT_CORRUPTED/);
  });

  const mutation = fc.record({
    section: fc.constantFrom("position", "requests", "position", "state"),
    word: fc.nat(),
    how: fc.constantFrom("value", "plus", "minus", "bit", "drop", "add"),
    value: fc.constantFrom(0, 1, 2, 3, 60, 61, 255, 0xffff, 0x1_0000, 0x8000_0000, 0xffff_ffff),
    bit: fc.nat(31),
  });
  it("with any changed words is refused, or describes a possible kernel", async () => {
    let refused = 0;
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(lefts, fc.array(mutation, { minLength: 1, maxLength: 3 }), async (left, mutations) => {
        const sections = sectionsOf(left);
        for (const { section, word, how, value, bit } of mutations) {
          const content = sections.get(section)!;
          if (how === "drop" || how === "add") {
            const length = Math.max(0, content.length + (how === "add" ? 1 : -1) * (value % 64));
            const grown = new Uint8Array(length);
            grown.set(content.subarray(0, length));
            sections.set(section, grown);
            continue;
          }
          const all = new Uint32Array(content.slice(0, content.length & ~3).buffer);
          if (all.length === 0) continue;
          const place = word % all.length;
          if (how === "value") all[place] = value;
          else if (how === "plus") all[place]++;
          else if (how === "minus") all[place]--;
          else all[place] ^= 1 << bit;
          sections.set(section, new Uint8Array(all.buffer));
        }
        const found = await load(sections);
        if (typeof found === "string") {
          refused++;
          expect(found).toMatch(/^EW_CHECKPOINT_CORRUPTED/);
        } else {
          accepted++;
          assertUsable(found);
        }
      }),
      propertyRuns(300),
    );
    expect([refused > 0, accepted > 0]).toEqual([true, true]);
  });

  it("is refused with a header of any other shape", async () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(null, 2 ** 60, -1, 1.5, 2 ** 53, "", [], {}, [null], ["x"], true),
      fc.jsonValue(),
    );
    const abouts = fc.record({
      identity: fc.oneof(odd, fc.constant({ ...identity })),
      progress: fc.oneof(odd, fc.record(Object.fromEntries(Object.keys(progress).map((key) => [key, odd])))),
    });
    await fc.assert(
      fc.asyncProperty(abouts, async (about) => {
        writeSealedFile(file, about, sectionsOf(idle));
        const error: unknown = await loadKernel(file, identity, TYPES, {}).catch((caught: unknown) => caught);
        if (error instanceof EverwarpError) expect(error.code).toMatch(/^EW_CHECKPOINT_/);
        else expect(error).toHaveProperty("memory");
      }),
      propertyRuns(200),
    );
  });
});
