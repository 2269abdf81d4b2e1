/** Figures of the records, as the documents write them. `gen-docs.ts` and the tests take them from here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchDocument, MeasuredRow } from "../src/bench/report/document.ts";
import { packageRoot } from "../src/base/package-root.ts";

/** The newest record of each kind of figure. To show newer ones, name them here and run `npx tsx scripts/gen-docs.ts`. */
export const RECORDS = {
  roundtrip: "2026-11-30-h200-redesign/raw-search.json",
  webgpu: "2026-11-30-h200-redesign/raw-search.json",
  burst: "2026-11-30-h200-redesign/raw-search.json",
  size: "2026-11-30-h200-redesign/raw-search.json",
  tree: "2026-11-20-h200/raw-tree.json",
  kernel: "2026-11-30-h200-redesign/raw-residency.json",
  residency: "2026-11-30-h200-redesign/raw-residency.json",
  together: "2026-11-30-h200-redesign/raw-together.json",
  programs: "2026-11-30-h200-redesign/raw-programs.json",
  million: "2026-11-21-h200-paths/raw-million.json",
  usr: "2026-11-21-h200-paths/raw-usr.json",
  tenMillion: "2026-11-21-h200-paths/raw-ten-million.json",
  host: "2026-11-20-two-cores/raw-tree-and-startup.json",
} as const;

const documents = new Map<string, BenchDocument>();

function rowOf(record: string, subject: string, contender: string): MeasuredRow {
  const file = RECORDS[record as keyof typeof RECORDS];
  if (file === undefined) throw new Error(`there is no record "${record}"`);
  let document = documents.get(file);
  if (document === undefined) {
    const text = readFileSync(join(packageRoot(), "bench/record", file), "utf8");
    document = JSON.parse(text) as BenchDocument;
    documents.set(file, document);
  }
  // "device" is a kernel that may stay, whatever the record calls its strategy.
  const names = contender === "device" ? ["adaptive", "persistent"] : [contender];
  const found = document.rows.find(
    (row): row is MeasuredRow =>
      row.state === "measured" && row.subject === subject && names.includes(row.contender),
  );
  if (found === undefined) throw new Error(`${file} has no measured row "${subject}" by "${contender}"`);
  return found;
}

/** Three digits that mean something, with thousands apart. */
function shown(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const TIMES = { p50: "p50Us", p90: "p90Us", p99: "p99Us", max: "maxUs", min: "minUs" } as const;
const DIVISORS: Readonly<Record<string, number>> = {
  µs: 1,
  ms: 1e3,
  s: 1e6,
  "GB/s": 1e9,
  "TB/s": 1e12,
  "M/s": 1e6,
  "G/s": 1e9,
  "/s": 1,
};

/**
 * One figure of a record.
 * @param reference `record | subject | contender | measure unit`. The measure is `p50`, `p90`, `p99`, `max` or `min` (a
 * time), `rate` (a throughput), or `fact NAME`. The unit is one of `µs`, `ms`, `s`, `GB/s`, `TB/s`, `M/s`, `G/s`, `/s`
 * @throws Error where the record, the row, the measure or the unit does not exist
 */
export function figure(reference: string): string {
  const [record = "", subject = "", contender = "", how = ""] = reference
    .split("|")
    .map((part) => part.trim());
  const row = rowOf(record, subject, contender);
  const fact = /^fact (.*)$/.exec(how)?.[1];
  if (fact !== undefined) {
    const value = row.facts[fact];
    if (value === undefined) throw new Error(`the row of "${reference}" has no fact "${fact}"`);
    return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
  }
  const [measure = "", unit = ""] = how.split(" ");
  const divisor = DIVISORS[unit];
  const value = measure === "rate" ? row.throughput?.value : row.timing[TIMES[measure as keyof typeof TIMES]];
  if (divisor === undefined || value === undefined)
    throw new Error(`"${how}" is no measure of "${reference}"`);
  return shown(value / divisor);
}

/** A text with each `{{reference}}` replaced by its figure. */
export function withFigures(text: string): string {
  return text.replace(/\{\{([^}]+)\}\}/g, (_, reference: string) => figure(reference));
}
