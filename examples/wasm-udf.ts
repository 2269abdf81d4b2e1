/**
 * A filter that somebody else wrote, over a million rows: it runs in a sandbox, as WebAssembly.
 *
 *   npx tsx examples/wasm-udf.ts [ROWS] [DEVICE]
 *
 * The filter is written in AssemblyScript and compiled here. Each instance of the fleet judges one row of a batch. A
 * row for which the filter traps is told, and harms no other row.
 */
import { pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";
import { WasmFleet, type WasmFleetOptions, WasmModule, type WasmTrap } from "everwarp";

const FILTER = `
export function keep(amount: i32, price: f64, ratio: i32): bool {
  let total: f64 = f64(amount) * price;
  // A ratio of zero is a mistake of the filter's author: dividing by it traps.
  return total > 1000.0 && 1000 / ratio > 3;
}`;

/** Rows in columns. */
export interface Rows {
  readonly amount: Int32Array;
  readonly price: Float64Array;
  readonly ratio: Int32Array;
}

/** What the example found. */
export interface Report {
  readonly kept: number;
  readonly engine: string;
  /** Row numbers and traps. */
  readonly traps: readonly { row: number; trap: WasmTrap }[];
  readonly callMs: number;
}

/** Compiles the filter. */
export async function compileFilter(): Promise<WasmModule> {
  const { binary, stderr } = await asc.compileString(FILTER, { optimizeLevel: 3, runtime: "stub" });
  if (binary === null) throw new Error((stderr as { toString(): string }).toString());
  return WasmModule.compile(binary);
}

/** Applies the filter to rows. */
export async function filterRows(rows: Rows, options: WasmFleetOptions = {}): Promise<Report> {
  const count = rows.amount.length;
  const instances = Math.min(count, options.instances ?? 4096);
  await using fleet = await WasmFleet.open(await compileFilter(), { ...options, instances });
  const begunMs = performance.now();
  const traps: { row: number; trap: WasmTrap }[] = [];
  let kept = 0;
  for (let first = 0; first < count; first += instances) {
    // The last batch begins earlier, so that it is as long as the others: rows that were judged are passed over.
    const start = Math.min(first, count - instances);
    const part = <T extends Int32Array | Float64Array>(column: T): T =>
      column.subarray(start, start + instances) as T;
    const answer = await fleet.call("keep", {
      args: [part(rows.amount), part(rows.price), part(rows.ratio)],
    });
    const isKept = answer.results[0] as Int32Array;
    for (let row = first - start; row < instances; row++) kept += isKept[row]!;
    for (const trap of answer.traps)
      if (trap.instance >= first - start) traps.push({ row: start + trap.instance, trap });
  }
  return { kept, engine: fleet.info.engine, traps, callMs: performance.now() - begunMs };
}

/** Rows that are the same in every run. */
export function makeRows(count: number): Rows {
  const rows = {
    amount: new Int32Array(count),
    price: new Float64Array(count),
    ratio: new Int32Array(count),
  };
  for (let row = 0; row < count; row++) {
    rows.amount[row] = (row * 7919) % 1000;
    rows.price[row] = ((row * 104_729) % 1000) / 100;
    rows.ratio[row] = row % 250_000 === 1 ? 0 : 1 + (row % 400);
  }
  return rows;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const count = Number(process.argv[2] ?? 1_000_000);
  const report = await filterRows(makeRows(count), { device: process.argv[3] ?? "auto" });
  for (const { row, trap } of report.traps) console.log(`row ${row}: ${trap.reason} in ${trap.functionName}`);
  console.log(
    `${report.kept} of ${count} rows kept, on the ${report.engine}, in ${report.callMs.toFixed(0)} ms`,
  );
}
