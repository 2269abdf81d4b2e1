/** What benchmarks share that run beside ripgrep: comparable output, quantiles, and lines of JSON. */

/** Comparable output: the order of files is free, and so are times. */
export function comparable(output: Buffer): string {
  const text = output.toString("latin1").replaceAll(/"(secs|nanos|human)":("[^"]*"|\d+)/g, "");
  return text.split("\n").toSorted().join("\n");
}

/** @param part 0.5 is the median */
export function quantile(timesMs: readonly number[], part: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number;
}

/** Prints a line of JSON. */
export function report(row: Record<string, unknown>): void {
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === "number" ? +value.toFixed(3) : value;
  process.stdout.write(`${JSON.stringify(row, rounded)}\n`);
}
