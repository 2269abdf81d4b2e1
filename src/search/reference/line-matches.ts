/** The reference of all that runs a `LineAutomaton`: the matches of one line, in plain TypeScript. */
import type { LineAutomaton, StateTable } from "../contracts.ts";
import { CONTEXT, type Context, contextOf, DEAD, QUIT } from "../automaton/index.ts";

/** A match: offsets into the bytes. */
export interface LineMatch {
  readonly start: number;
  readonly end: number;
}

/**
 * All matches of bytes[lineStart, lineEnd), a line without its line feed: leftmost-first, without overlap, and no
 * empty match at the end of the match before it.
 * @returns undefined where the automaton cannot decide the line
 */
export function lineMatches(
  automaton: LineAutomaton,
  bytes: Uint8Array,
  lineStart: number,
  lineEnd: number,
): LineMatch[] | undefined {
  const { byteClass, classCount, edgeClass, forward, reverse } = automaton;
  const isInside = (at: number): boolean => at >= lineStart && at < lineEnd;
  const context = (at: number): Context => (isInside(at) ? contextOf(bytes[at] as number) : CONTEXT.EDGE);
  const step = (table: StateTable, state: number, at: number): number => {
    const byte = isInside(at) ? (byteClass[bytes[at] as number] as number) : edgeClass;
    return table.next[state * classCount + byte] as number;
  };
  const matches: LineMatch[] = [];
  let lastEnd = -1;
  for (let from = lineStart; from <= lineEnd;) {
    let end = -1;
    let state = forward.startStates[context(from - 1)];
    for (let at = from; at <= lineEnd && state !== DEAD; at++) {
      state = step(forward, state, at);
      if (state === QUIT) return undefined;
      if (state >= forward.firstMatchState) end = at;
    }
    if (end < 0) break;
    let start = -1;
    state = reverse.startStates[context(end)];
    for (let at = end; at >= from && state !== DEAD; at--) {
      state = step(reverse, state, at - 1);
      if (state === QUIT) return undefined;
      if (state >= reverse.firstMatchState) start = at;
    }
    const isEmpty = start === end;
    from = isEmpty ? end + 1 : end;
    if (isEmpty && end === lastEnd) continue;
    lastEnd = end;
    matches.push({ start, end });
  }
  return matches;
}
