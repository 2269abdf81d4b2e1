/** Hits for tests of the screen: made of lines of text, without an engine. */
import type { HitLine, LineExcerpt, LiveHits } from "../../src/live/source/index.ts";

/** A line with hits: its file, its number, its text, and what matches in it. */
export interface GivenLine {
  readonly path: string;
  readonly line: number;
  readonly text: string | Uint8Array;
  /** Byte ranges. */
  readonly matches: readonly (readonly [begin: number, end: number])[];
}

/** Makes hits. @param isTruncated there are more */
export function liveHits(given: readonly GivenLine[], isTruncated = false): LiveHits {
  const paths = [...new Set(given.map(({ path }) => path))];
  let hit = 0;
  const lines: HitLine[] = given.map(({ path, line, matches }) => {
    const first = hit;
    hit += matches.length;
    const begin = matches[0]?.[0] ?? 0;
    return { hit: first, hitCount: matches.length, file: paths.indexOf(path), line, column: begin + 1 };
  });
  const excerpt = (line: HitLine): LineExcerpt | undefined => {
    const found = given[lines.findIndex((each) => each.hit === line.hit)];
    if (found === undefined) return undefined;
    return {
      line: found.line,
      bytes: Buffer.from(found.text as string),
      matches: found.matches.map(([begin, end]) => ({ begin, end })),
      isCutBefore: false,
      isCutAfter: false,
    };
  };
  return {
    count: hit,
    isTruncated,
    lines,
    engineUs: 41,
    path: ({ file }) => paths[file] ?? "",
    pathBytes: ({ file }) => Buffer.from(paths[file] ?? ""),
    excerpt,
    around: (line) => [excerpt(line)].filter((each) => each !== undefined),
  };
}
