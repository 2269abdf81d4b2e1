/**
 * Prints the tables of a record as Markdown, one per case.
 *
 *   npx tsx bench/tables.ts bench/record/DATE-MACHINE/raw.json
 */
import { readFileSync } from "node:fs";
import type { BenchDocument, MeasuredRow, Row } from "../src/bench/report/document.ts";
import { microseconds, throughputText } from "../src/bench/report/table.ts";

function measuredCells({ timing, throughput, facts }: MeasuredRow): string[] {
  const { minUs, p50Us, p90Us, p99Us, sampleCount } = timing;
  return [
    ...[minUs, p50Us, p90Us, p99Us].map(microseconds),
    String(sampleCount),
    throughput === undefined ? "" : throughputText(throughput),
    Object.entries(facts)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  ];
}

function tableRow(row: Row): string {
  const cells =
    row.state === "measured" ? measuredCells(row) : ["", "", "", "", "", "", `${row.state}: ${row.reason}`];
  return `| ${[row.subject, row.contender, ...cells].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("name a raw.json");
const { rows, isComplete } = JSON.parse(readFileSync(file, "utf8")) as BenchDocument;
let text = isComplete ? "" : "The run was cut off.\n\n";
for (const name of new Set(rows.map((row) => row.case))) {
  text += `### ${name}\n\n| asked | by | min µs | p50 µs | p90 µs | p99 µs | samples | throughput | |\n|---|---|--:|--:|--:|--:|--:|--:|---|\n`;
  for (const row of rows) if (row.case === name) text += tableRow(row);
  text += "\n";
}
process.stdout.write(text);
