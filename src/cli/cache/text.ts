/** The text of `everwarp cache` for people. */
import type { KeptVerdicts } from "../../lint/index.ts";
import { type BadEntry, type FolderStats, type Listed, missesOf } from "./look.ts";

const LABEL_WIDTH = 14;
const NAME_WIDTH_MAX = 72;
const CELL_WIDTH = 11;

/** "1.4 MiB". */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** "0.4 ms", "1,250 ms". */
export function millisecondsText(ms: number): string {
  const digits = ms < 10 ? 1 : 0;
  return `${ms.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ms`;
}

/** How long ago: "3 h", "12 days". "now" for a time in the future, from a wrong clock. */
export function ageText(thenMs: number, nowMs: number): string {
  const seconds = (nowMs - thenMs) / 1000;
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / (24 * 3600))} days`;
}

const count = (value: number, what: string): string =>
  `${value.toLocaleString("en")} ${what}${value === 1 ? "" : what.endsWith("s") ? "es" : "s"}`;

/** The text of `everwarp cache stats`. */
export function statsText(
  directory: string,
  folders: readonly FolderStats[],
  verdicts?: Pick<KeptVerdicts, "count" | "bytes">,
): string {
  const lint = verdicts === undefined || verdicts.count === 0 ? "" : `\n${verdictText(verdicts)}\n`;
  if (folders.length === 0) return `${directory}: no programs yet\n${lint}`;
  return `${directory}\n${folders.map(folderText).join("")}${lint}`;
}

/** "3 kernels that everwarp lint found good, 192 B". */
export function verdictText({ count: kernels, bytes }: Pick<KeptVerdicts, "count" | "bytes">): string {
  return `${count(kernels, "kernel")} that everwarp lint found good, ${sizeText(bytes)}`;
}

function folderText(stats: FolderStats): string {
  const { counters } = stats;
  const number = (name: string): number => counters[name] ?? 0;
  const line = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)}${text}\n`;
  const misses = missesOf(counters);
  const missCount = misses.reduce((sum, [, each]) => sum + each, 0);
  const data =
    stats.dataBytes === 0 ? "nothing of the driver's" : `${sizeText(stats.dataBytes)} of the driver's`;
  return [
    `\n${stats.device ?? stats.folder}\n`,
    line(
      "programs",
      `${count(stats.entries, "entry").replace("entrys", "entries")}, ${sizeText(stats.bytes)}: ` +
        `${sizeText(stats.spirvBytes)} of SPIR-V, ${data}`,
    ),
    line(
      "hits",
      `${number("memoryHits")} memory, ${number("diskHits")} disk, ${number("remoteHits")} second level; ` +
        `${number("driverHits")} taken by the driver`,
    ),
    line(
      "misses",
      missCount === 0
        ? "0"
        : `${missCount}: ${misses.map(([reason, each]) => `${each} ${reason}`).join(", ")}`,
    ),
    ...(stats.hitRate === undefined ? [] : [line("hit rate", `${(stats.hitRate * 100).toFixed(1)} %`)]),
    line(
      "compiled",
      `${count(number("compilations"), "source")} in ${millisecondsText(number("compileMs"))}; ` +
        `${count(number("pipelinesFromSpirv"), "pipeline")} by the driver, ` +
        `${number("pipelinesFromData")} from its data, in ${millisecondsText(number("driverMs"))}`,
    ),
    line("time saved", millisecondsText(number("savedMs"))),
    ...badLines(stats.bad),
  ].join("");
}

/** The text of `everwarp cache list`. */
export function listText(rows: readonly Listed[], nowMs: number): string {
  if (rows.length === 0) return "no programs\n";
  const names = rows.map((row) => {
    const constants = Object.entries(row.constants).map(([id, value]) => `${id}=${value}`);
    return `  ${row.name}${constants.length === 0 ? "" : ` {${constants.join(", ")}}`}`;
  });
  const width = Math.min(NAME_WIDTH_MAX, Math.max(...names.map(({ length }) => length)));
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)} ${cells.map((cell) => cell.padStart(CELL_WIDTH)).join("")}\n`;
  let folder = "";
  const lines = rows.map((row, index) => {
    const heading = row.folder === folder ? "" : `${folder === "" ? "" : "\n"}${row.target.device}\n`;
    folder = row.folder;
    return (
      heading +
      line(names[index] ?? "", [
        sizeText(row.bytes),
        row.dataBytes === 0 ? "–" : sizeText(row.dataBytes),
        String(row.uses),
        ageText(row.lastUseMs, nowMs),
        row.compileMs === 0 ? "by build" : millisecondsText(row.compileMs),
        millisecondsText(row.driverMs),
      ])
    );
  });
  return line("program", ["size", "data", "uses", "last use", "compiled", "driver"]) + lines.join("");
}

/** The text of `everwarp cache verify`. */
export function verifyText(goodCount: number, bad: readonly BadEntry[]): string {
  const good = `${goodCount} good`;
  if (bad.length === 0) return `${good}, none bad\n`;
  const moved = "which are now in quarantine. everwarp makes them anew when it needs them";
  return `${good}, ${bad.length} bad, ${moved}\n${badLines(bad).join("")}`;
}

function badLines(bad: readonly BadEntry[]): string[] {
  return bad.map(({ id, reason }) => `  bad: ${id}: ${reason}\n`);
}
