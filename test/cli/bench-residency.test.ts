/** `everwarp bench residency` and `everwarp bench soak`: both run for real on whatever device there is, and both must be able to fail. */
import { describe, expect, test } from "vitest";
import type { BenchDocument, MeasuredRow } from "../../src/bench/report/document.ts";
import { Operation, SoakReference, type Report, type Task } from "../../src/bench/soak/kernel.ts";
import { SoakLedger, type Priority } from "../../src/bench/soak/ledger.ts";
import { Random } from "../../src/bench/soak/random.ts";
import { run as runBench } from "../../src/cli/commands/bench.ts";
import { captured } from "../support/environment.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const device = testDeviceInfo();

async function bench(
  argv: string[],
): Promise<{ code: number; document: BenchDocument; measured: MeasuredRow[] }> {
  const { environment, out } = captured();
  const code = await runBench([...argv, "--device", String(device.index), "--json"], environment);
  const document = JSON.parse(out()) as BenchDocument;
  return { code, document, measured: document.rows.filter((row) => row.state === "measured") };
}

describe("everwarp bench residency", () => {
  test("measures every row that the device allows, each answer checked", async () => {
    const { code, document, measured } = await bench(["residency", "--rounds", "2", "--requests", "500"]);
    expect(document.rows.filter(({ state }) => state === "failed")).toEqual([]);
    expect(code).toBe(0);
    const cases = [...new Set(document.rows.map((row) => row.case))];
    expect(cases).toEqual(
      ["dispatches", "roundtrip", "burst", "gaps", "cpu", "checkpoint", "waking", "duty"].map(
        (name) => `residency/${name}`,
      ),
    );
    const rowsOf = (name: string): MeasuredRow[] =>
      measured.filter((row) => row.case === `residency/${name}`);
    for (const { case: name, subject, facts } of rowsOf("burst")) {
      expect([name, subject, facts["bar"]]).toEqual([name, subject, expect.stringMatching(/1 M\/s/)]);
    }
    expect(rowsOf("roundtrip").map(({ subject, contender }) => `${contender}: ${subject}`)).toEqual(
      expect.arrayContaining(
        ["dispatch", "redispatch", "batch", "leased", "continuous"].flatMap((strategy) =>
          ["callSync", "await call", "the loop alone"].map((subject) => `${strategy}: ${subject}`),
        ),
      ),
    );
    const [counted] = rowsOf("dispatches");
    if (counted !== undefined) expect(counted.facts).toMatchObject({ requests: 500, dispatches: 1 });
    expect(rowsOf("waking").find(({ subject }) => subject.startsWith("loss"))?.facts).toMatchObject({
      recoveries: 2,
    });
  });
});

describe("everwarp bench soak", () => {
  test("some seconds of everything: every answer right, nothing lost, nothing twice", async () => {
    const { code, document } = await bench(["soak", "--minutes", "0.14"]);
    expect(document.rows.filter(({ state }) => state !== "measured")).toEqual([]); // with the reason
    expect(document.rows).toMatchObject([{ case: "soak" }]);
    expect(code).toBe(0);
    const [row] = document.rows as MeasuredRow[];
    expect(row?.facts["answered"]).toBeGreaterThan(100);
    expect(row?.facts["chapters"]).toBeGreaterThan(0);
  });

  test("asks for minutes and seeds that make sense", async () => {
    for (const argv of [
      ["--minutes", "0"],
      ["--minutes", "x"],
      ["--seed", "-1"],
      ["--requests", "0"],
    ])
      await expect(bench(["soak", ...argv])).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
  });
});

describe("the judge of a soak", () => {
  /** A chapter in which all went well: `taken` is the order in which the kernel took the requests. */
  function chapter(taken: readonly { serial: number; priority: Priority }[]) {
    const ledger = new SoakLedger(new SoakReference());
    const random = new Random(5);
    const reference = new SoakReference();
    const tasks = Array.from({ length: taken.length }, (_, index): Task => ({
      operation: index % 3 === 2 ? Operation.JOB : Operation.ADD,
      serial: index + 1,
      cell: random.below(16),
      amount: random.below(1000),
      slices: index % 3 === 2 ? 4 : 0,
      data: [random.below(1000)],
    }));
    const laneOf = new Map(taken.map(({ serial, priority }) => [serial, priority]));
    const entries = tasks.map((task) => ledger.ask(task, laneOf.get(task.serial) as Priority));
    const reports = new Map<number, Report>();
    for (const { serial } of taken) reports.set(serial, reference.perform(tasks[serial - 1] as Task));
    for (const entry of entries) {
      entry.outcome = "answered";
      entry.report = reports.get(entry.task.serial);
    }
    const change = (serial: number, changed: Partial<Report>): void => {
      const entry = entries[serial - 1];
      if (entry?.report !== undefined) entry.report = { ...entry.report, ...changed };
    };
    return { ledger, entries, reports, change, reference };
  }
  const TAKEN = [
    { serial: 1, priority: 0 },
    { serial: 4, priority: 1 },
    { serial: 2, priority: 0 },
    { serial: 3, priority: 0 },
    { serial: 5, priority: 1 },
  ] as const;
  const wrong = expect.objectContaining({ code: "EW_BENCH_WRONG_RESULT" });

  test("lets pass what is right, with what was refused, called off and late", () => {
    const { ledger, entries, reports, reference } = chapter(TAKEN);
    expect(ledger.judge(new Map()).count).toBe(5);
    // Nobody was told of the last one, but its record says that it was performed, and where.
    const late = entries[4];
    if (late !== undefined) Object.assign(late, { outcome: "open", report: undefined });
    const { order } = reports.get(5) as Report;
    expect(ledger.judge(new Map([[5, { serial: 5, order, times: 1, sum: 5 }]])).count).toBe(5);
    // It never was.
    expect(ledger.judge(new Map([[5, { serial: 5, order: 0, times: 0, sum: 4 }]])).count).toBe(4);
    expect(reference.count).toBe(5);
  });

  test.each([
    ["a wrong sum", 3, { sum: 1 }],
    ["a request that was performed twice", 2, { times: 2 }],
    ["two requests at one place", 4, { order: 1 }],
    ["a hole, where something was performed that nobody asked for", 5, { order: 6 }],
    ["the answer to another request", 1, { serial: 2 }],
  ])("sees %s", (_, serial, changed) => {
    const { ledger, change } = chapter(TAKEN);
    change(serial, changed);
    expect(() => ledger.judge(new Map())).toThrow(wrong);
  });

  test("sees a request that overtook another in its priority", () => {
    const { ledger } = chapter([TAKEN[0], TAKEN[1], TAKEN[3], TAKEN[2], TAKEN[4]]);
    expect(() => ledger.judge(new Map())).toThrow(/request 2 comes after 3 in priority 0/);
  });

  test("sees a lost request, and one that was called off and performed all the same", () => {
    const lost = chapter(TAKEN);
    Object.assign(lost.entries[2] as object, { outcome: "asked", report: undefined });
    expect(() => lost.ledger.judge(new Map())).toThrow(/request 3 has come to an end/);
    const performed = chapter(TAKEN);
    Object.assign(performed.entries[2] as object, { outcome: "never performed", report: undefined });
    const record = { serial: 3, order: 4, times: 1, sum: 0 };
    expect(() => performed.ledger.judge(new Map([[3, record]]))).toThrow(wrong);
  });

  test("knows what a kernel does that goes on from the middle", () => {
    const { ledger, reports } = chapter(TAKEN);
    ledger.judge(new Map());
    // At the checkpoint three had been performed, and the other two were in flight; here they are performed in another order.
    const reference = new SoakReference();
    for (const { serial } of TAKEN.slice(0, 3)) reference.perform(ledger.entries[serial - 1]?.task as Task);
    const again = [5, 3].map((serial) => reference.perform(ledger.entries[serial - 1]?.task as Task));
    ledger.judgeFork(again, 5);
    ledger.judgeFork(
      [3, 5].map((serial) => reports.get(serial) as Report),
      5,
    );
    expect(() => ledger.judgeFork(again, 4)).toThrow(wrong);
    expect(() => ledger.judgeFork([again[0] as Report, reports.get(2) as Report], 5)).toThrow(wrong);
  });
});
