/** The table on the screen. Rows are shown one by one, so the columns have fixed widths. */
import type { Row, Summary, Throughput } from "./document.ts";

const SUBJECT_WIDTH = 26;
const CONTENDER_WIDTH = 24;
const TIME_WIDTH = 12;
const COUNT_WIDTH = 8;
const THROUGHPUT_WIDTH = 13;

/** The case's name over the columns, and what its times are where there is a note. */
export function caseHeading(caseName: string, isFirst: boolean, note?: string): string {
  const columns = ["min µs", "p50 µs", "p90 µs", "p99 µs"].map((text) => text.padStart(TIME_WIDTH)).join("");
  const title = caseName.padEnd(SUBJECT_WIDTH + CONTENDER_WIDTH + 2);
  const names = `${title}${columns}${"samples".padStart(COUNT_WIDTH)}${"throughput".padStart(THROUGHPUT_WIDTH)}\n`;
  return `${isFirst ? "" : "\n"}${note === undefined ? "" : `${note}\n`}${names}`;
}

/** One row, with its line feed. */
export function rowLine(row: Row): string {
  const start = `  ${row.subject.padEnd(SUBJECT_WIDTH - 1)} ${row.contender.padEnd(CONTENDER_WIDTH - 1)} `;
  if (row.state !== "measured") return `${start}  ${row.state}: ${row.reason}\n`;
  const { minUs, p50Us, p90Us, p99Us, sampleCount } = row.timing;
  const times = [minUs, p50Us, p90Us, p99Us].map((us) => microseconds(us).padStart(TIME_WIDTH)).join("");
  const rate = row.throughput === undefined ? "" : throughputText(row.throughput);
  const facts = factsText(row.facts);
  const tail = `${String(sampleCount).padStart(COUNT_WIDTH)}${rate.padStart(THROUGHPUT_WIDTH)}  ${facts}`;
  return `${start}${times}${tail}`.trimEnd() + "\n";
}

/** What the rows of a contender say together, with its line feed. */
export function summaryLine({ contender, facts }: Summary): string {
  return `  ${"all".padEnd(SUBJECT_WIDTH - 1)} ${contender.padEnd(CONTENDER_WIDTH - 1)}   ${factsText(facts)}\n`;
}

function factsText(facts: Readonly<Record<string, string | number>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/** A number with two decimals where they matter, and with thousands separated. */
export function microseconds(us: number): string {
  const digits = us < 1000 ? 2 : 0;
  return us.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const SCALES = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
] as const;

/** Three digits and a unit: 4.20 TB/s. */
export function throughputText({ value, unit }: Throughput): string {
  const [scale, prefix] = SCALES.find(([limit]) => value >= limit) ?? SCALES[4];
  return `${(value / scale).toPrecision(3)} ${prefix}${unit === "bytes/s" ? "B/s" : "/s"}`;
}
