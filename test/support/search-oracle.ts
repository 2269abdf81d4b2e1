/** What ripgrep finds, in the numbers that a search result has. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import type { Query, SearchResult } from "../../src/index.ts";

/** path, line, column, offset, length */
export type Hit = readonly [path: string, line: number, column: number, offset: number, length: number];

interface JsonMatch {
  type: string;
  data: {
    path: { text: string };
    line_number: number;
    absolute_offset: number;
    submatches: { start: number; end: number }[];
  };
}

function beginsWithMark(path: string): boolean {
  const descriptor = openSync(path, "r");
  const head = Buffer.alloc(3);
  readSync(descriptor, head, 0, 3, 0);
  closeSync(descriptor);
  return head.toString() === "\ufeff";
}

/** All hits of ripgrep below `directory`, hidden and ignored files included, by path, then offset. */
export function ripgrepHits(directory: string, query: Query): Hit[] {
  const patterns = typeof query.pattern === "string" ? [query.pattern] : query.pattern;
  const args = ["--no-config", "--json", "-uu"];
  if (query.fixedStrings === true) args.push("-F");
  if (query.ignoreCase === true) args.push("-i");
  else if (query.smartCase === true) args.push("-S");
  if (query.wordRegexp === true) args.push("-w");
  if (query.lineRegexp === true) args.push("-x");
  for (const pattern of patterns) args.push(`--regexp=${pattern}`);
  const { status, stdout, stderr } = spawnSync(rgPath, [...args, "./"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status === 2 || status === null) throw new Error(`ripgrep ${args.join(" ")}: ${stderr}`);
  const hits: Hit[] = [];
  for (const line of stdout.split("\n")) {
    if (!line.startsWith('{"type":"match"')) continue;
    const { data } = JSON.parse(line) as JsonMatch;
    const path = data.path.text;
    // ripgrep does not count a byte order mark at all; a result counts it in offsets.
    const mark = beginsWithMark(join(directory, path)) ? 3 : 0;
    for (const { start, end } of data.submatches)
      hits.push([path, data.line_number, start + 1, data.absolute_offset + start + mark, end - start]);
  }
  return sorted(hits);
}

export function resultHits(result: SearchResult): Hit[] {
  const { file, line, column, offset, length } = result;
  return sorted(
    Array.from({ length: result.count }, (_, index): Hit => {
      const hit = [line[index], column[index], offset[index], length[index]] as [
        number,
        number,
        number,
        number,
      ];
      return [file[index] === undefined ? "" : result.path(index), ...hit];
    }),
  );
}

/** A directory's order is not ripgrep's. */
function sorted(hits: Hit[]): Hit[] {
  return hits.sort((a, b) => (a[0] === b[0] ? a[3] - b[3] : a[0] < b[0] ? -1 : 1));
}
