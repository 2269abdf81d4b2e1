/** Sums over a search, for --stats and --json. */
import type { ByteWriter } from "./byte-writer.ts";

/** Sums over the files of a search. */
export interface SearchStats {
  /** Time in the searcher and printer for all files together. */
  elapsedNs: number;
  searches: number;
  searchesWithMatch: number;
  bytesSearched: number;
  bytesPrinted: number;
  matchedLines: number;
  matches: number;
}

/** Sums of no files. */
export function createStats(): SearchStats {
  return {
    elapsedNs: 0,
    searches: 0,
    searchesWithMatch: 0,
    bytesSearched: 0,
    bytesPrinted: 0,
    matchedLines: 0,
    matches: 0,
  };
}

/** Adds `part` to `total`. */
export function addStats(total: SearchStats, part: SearchStats): void {
  total.elapsedNs += part.elapsedNs;
  total.searches += part.searches;
  total.searchesWithMatch += part.searchesWithMatch;
  total.bytesSearched += part.bytesSearched;
  total.bytesPrinted += part.bytesPrinted;
  total.matchedLines += part.matchedLines;
  total.matches += part.matches;
}

/** What an engine adds to --stats: the values of everwarp's own lines. */
export interface EngineReport {
  /** The device's name for users: "NVIDIA H200", "host". */
  device: string;
  strategy: string;
  corpusBytes: number;
  loadMs: number;
  kernelUs: number;
  roundTripUs: number;
}

function seconds(ns: number): string {
  return (ns / 1e9).toFixed(6);
}

/** A duration in the form of ripgrep's JSON. */
function duration(ns: number): { secs: number; nanos: number; human: string } {
  return { secs: Math.floor(ns / 1e9), nanos: Math.floor(ns % 1e9), human: `${seconds(ns)}s` };
}

/** The members of a "stats" object, in the order of the `end` message. */
export function statsJson(stats: SearchStats): string {
  return (
    `{"elapsed":${JSON.stringify(duration(stats.elapsedNs))},"searches":${stats.searches},` +
    `"searches_with_match":${stats.searchesWithMatch},"bytes_searched":${stats.bytesSearched},` +
    `"bytes_printed":${stats.bytesPrinted},"matched_lines":${stats.matchedLines},"matches":${stats.matches}}`
  );
}

/** Writes the last line of --json. Its members are in alphabetical order. */
export function writeSummaryMessage(output: ByteWriter, stats: SearchStats, totalNs: number): void {
  const sorted = (ns: number): string => {
    const { secs, nanos, human } = duration(ns);
    return `{"human":${JSON.stringify(human)},"nanos":${nanos},"secs":${secs}}`;
  };
  output.writeText(
    `{"data":{"elapsed_total":${sorted(totalNs)},"stats":{"bytes_printed":${stats.bytesPrinted},` +
      `"bytes_searched":${stats.bytesSearched},"elapsed":${sorted(stats.elapsedNs)},"matched_lines":${stats.matchedLines},` +
      `"matches":${stats.matches},"searches":${stats.searches},"searches_with_match":${stats.searchesWithMatch}}},` +
      `"type":"summary"}\n`,
  );
}

/** Writes the block of --stats, and below it what the engine did. */
export function writeStatsBlock(
  output: ByteWriter,
  stats: SearchStats,
  totalNs: number,
  report?: EngineReport,
): void {
  output.writeText(
    `\n${stats.matches} matches\n${stats.matchedLines} matched lines\n${stats.searchesWithMatch} files contained matches\n` +
      `${stats.searches} files searched\n${stats.bytesPrinted} bytes printed\n${stats.bytesSearched} bytes searched\n` +
      `${seconds(stats.elapsedNs)} seconds spent searching\n${seconds(totalNs)} seconds total\n`,
  );
  if (report === undefined) return;
  output.writeText(
    `device: ${report.device}\nstrategy: ${report.strategy}\ncorpus: ${report.corpusBytes} bytes\n` +
      `load: ${report.loadMs.toFixed(3)} ms\nkernel: ${report.kernelUs.toFixed(1)} us\nround trip: ${report.roundTripUs.toFixed(1)} us\n`,
  );
}
