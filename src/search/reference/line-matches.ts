/** The reference of all that runs a `LineAutomaton`: the matches of one line, in plain TypeScript. */
import type { LineAutomaton, StateTable } from "../contracts.ts";
import { CONTEXT, type Context, contextOf, DEAD, QUIT } from "../automaton/index.ts";

// Constants of its own: where modules are run from source, each use of an imported name is a call.
const EDGE = CONTEXT.EDGE;
const HAS_ENDED: number = DEAD;
const CANNOT_TELL: number = QUIT;

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
  const context = (at: number): Context => (isInside(at) ? contextOf(bytes[at] as number) : EDGE);
  const step = (table: StateTable, state: number, at: number): number => {
    const byte = isInside(at) ? (byteClass[bytes[at] as number] as number) : edgeClass;
    return table.next[state * classCount + byte] as number;
  };
  const matches: LineMatch[] = [];
  let lastEnd = -1;
  for (let from = lineStart; from <= lineEnd;) {
    let end = -1;
    let state = forward.startStates[context(from - 1)];
    for (let at = from; at <= lineEnd && state !== HAS_ENDED; at++) {
      state = step(forward, state, at);
      if (state === CANNOT_TELL) return undefined;
      if (state >= forward.firstMatchState) end = at;
    }
    if (end < 0) break;
    let start = -1;
    state = reverse.startStates[context(end)];
    for (let at = end; at >= from && state !== HAS_ENDED; at--) {
      state = step(reverse, state, at - 1);
      if (state === CANNOT_TELL) return undefined;
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
