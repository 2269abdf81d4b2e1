/**
 * The match kernel of the host engine: runs the two tables of a `LineAutomaton` over lines, and finds every match.
 *
 * Input → output: lines of one file in linear memory → columns of matches. Positions are offsets from the memory's
 *   start; offsets are counted from the file's start.
 * Memory: imported and shared. The kernel writes only the output block. What it keeps between calls lies in globals:
 *   every instance has its own, and every thread has an instance of its own.
 * Reads up to 64 bytes past a range. Behind the last byte of every file lies a line feed.
 * Reference: src/search/reference/line-matches.ts.
 * Program block: src/search/line-kernel/match-program.ts writes it. Words, then tables. A state is the offset of its
 *   row in bytes. The states of a table lie in this order: ordinary ones, the one in which most bytes change nothing
 *   ("idle"), those that tell of a match, DEAD, QUIT.
 *   forward: word 0 idle, 1 leaves the search from here on (idle, or the first match state), 2 first match state,
 *     3 DEAD, 4 QUIT, 5 state at the start of a line
 *   reverse: word 6 first match state, 7 DEAD, 8 QUIT, 9 address of the edge's class
 *   byte 64: nibble tables of the bytes that leave the idle state, 48 bytes
 *   byte 128: per byte, what is added to a state to get the address of the next: forward, then reverse (1 KiB each)
 *   byte 2176: per byte before a place the forward start state; byte 3200: per byte behind a place the reverse one
 *   byte 4224: rows of the forward table, then of the reverse one
 *
 * In the forward table a search that ends at a line feed without a match goes on in the state at the start of a line.
 * So lines without a match cost one step for each byte, and nothing else.
 *
 * Output block: words 0 count, 1 start of the undecided line, 2 its number; byte 64: columns of `capacity` words each:
 *   offset, length, line, column.
 */
import { countByte, findByte } from "../../scanner/assembly/scan";

const NONE: u32 = 0xffffffff;
const LINE_FEED: u32 = 10;

const FORWARD_CLASSES: u32 = 128;
const REVERSE_CLASSES: u32 = 1152;
const FORWARD_STARTS: u32 = 2176;
const REVERSE_STARTS: u32 = 3200;
const SKIP_TABLES: u32 = 64;

/** All lines of the range were searched. */
const DONE: u32 = 0;
/** The columns are full. */
const FULL: u32 = 1;
/** Words 1 and 2 tell of a line that the automaton cannot decide. Its matches of earlier calls are to be dropped. */
const UNDECIDED: u32 = 2;
/** The budget is spent. */
const PAUSED: u32 = 3;

let program: u32 = 0;
let idle: u32 = 0;
let special: u32 = 0;
let firstMatch: u32 = 0;
let dead: u32 = 0;
let quit: u32 = 0;
let startOfLine: u32 = 0;
let reverseMatch: u32 = 0;
let reverseDead: u32 = 0;
let reverseQuit: u32 = 0;
let reverseEdge: u32 = 0;

/** Start of the file's content, its end, and the end of the lines that are searched now: just behind a line feed. */
let text: u32 = 0;
let textEnd: u32 = 0;
let stop: u32 = 0;
/** Lines that begin before it are wanted. */
let limit: u32 = 0;
/** Candidates that were not looked at. */
let list: u32 = 0;
let listEnd: u32 = 0;

/** The forward automaton reads byte `at` next, in `state`. */
let at: u32 = 0;
let state: u32 = 0;
/** Where the search for the next match began, and the start of the line in which that place lies. */
let from: u32 = 0;
let fromLine: u32 = 0;
/** Where the last match ended. */
let lastEnd: u32 = 0;
/** The line that begins at `lineStart` has the number `line`. */
let lineStart: u32 = 0;
let line: u32 = 0;
/** What is found on the way to one match: its end, the last byte that was read, its start. */
let end: u32 = 0;
let ahead: u32 = 0;

/** Takes up a program block. */
export function use(block: u32): void {
  program = block;
  idle = load<u32>(block, 0);
  special = load<u32>(block, 4);
  firstMatch = load<u32>(block, 8);
  dead = load<u32>(block, 12);
  quit = load<u32>(block, 16);
  startOfLine = load<u32>(block, 20);
  reverseMatch = load<u32>(block, 24);
  reverseDead = load<u32>(block, 28);
  reverseQuit = load<u32>(block, 32);
  reverseEdge = load<u32>(block, 36);
}

/**
 * Takes up lines of a file.
 * @param first start of the first line, which gets the number 1
 * @param until lines that begin before it are searched: all, or those with a candidate
 * @param candidates pairs of (position, anything), ascending; only where `count` is not 0
 * @param count number of candidates; NONE to search every line
 */
export function begin(start: u32, fileEnd: u32, first: u32, until: u32, candidates: u32, count: u32): void {
  text = start;
  textEnd = fileEnd;
  limit = until;
  at = from = fromLine = lineStart = first;
  line = 1;
  lastEnd = NONE;
  state = startOfLine;
  const isWhole = count == NONE;
  list = candidates;
  listEnd = isWhole ? candidates : candidates + (count << 3);
  stop = isWhole && first < until ? lineEnd(until - 1) + 1 : first;
}

/** The state behind the byte at `place`. */
// @ts-ignore: decorator
@inline
function step(now: u32, classes: u32, place: u32): u32 {
  return load<u32>(now + load<u32>(classes + (<u32>load<u8>(place) << 2)));
}

/** Position of the line feed that ends the line of a position. */
// @ts-ignore: decorator
@inline
function lineEnd(position: u32): u32 {
  return findByte(LINE_FEED, position, textEnd + 1);
}

/** Position of the last line feed in [low, high), or NONE. Reads up to 15 bytes before `low`. */
function lastFeed(low: u32, high: u32): u32 {
  const wanted = i8x16.splat(<i8>LINE_FEED);
  let place = high;
  while (place > low) {
    place -= 16;
    const bits = <u32>i8x16.bitmask(i8x16.eq(v128.load(place), wanted));
    if (bits != 0) {
      const found = place + 31 - <u32>clz(bits);
      return found >= low ? found : NONE;
    }
  }
  return NONE;
}

/** Position of the first byte in [place, until) that leaves the idle state, or `until`. */
function skip(place: u32, until: u32): u32 {
  const low = v128.load(program, SKIP_TABLES);
  const high = v128.load(program, SKIP_TABLES + 16);
  const groups = v128.load(program, SKIP_TABLES + 32);
  const lowBits = i8x16.splat(<i8>0x8f);
  const sign = i8x16.splat(<i8>0x80);
  const zero = i8x16.splat(0);
  while (place < until) {
    const seen = v128.load(place);
    const one = i8x16.swizzle(low, v128.and(seen, lowBits));
    const other = i8x16.swizzle(high, v128.and(v128.xor(seen, sign), lowBits));
    const group = i8x16.swizzle(groups, i8x16.shr_u(seen, 4));
    const found = v128.and(v128.or(one, other), group);
    if (v128.any_true(found)) {
      const bits = ~(<u32>i8x16.bitmask(i8x16.eq(found, zero))) & 0xffff;
      const leaving = place + <u32>ctz(bits);
      return leaving < until ? leaving : until;
    }
    place += 16;
  }
  return until;
}

/** Steps from `at` to a state that tells of a match, DEAD or QUIT, at most to `pause`. @returns is there one? */
function search(pause: u32): bool {
  const classes = program + FORWARD_CLASSES;
  const leave = special;
  let place = at;
  let now = state;
  let isFound = false;
  while (place < pause) {
    if (now == idle) {
      place = skip(place, pause);
      if (place >= pause) break;
    }
    now = step(now, classes, place++);
    // By eights: the check of a loop for interrupts costs as much as a step.
    while (now < leave && place + 8 <= pause) {
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
      now = step(now, classes, place++);
      if (now >= leave) break;
    }
    while (now < leave && place < pause) now = step(now, classes, place++);
    if (now >= firstMatch) {
      isFound = true;
      break;
    }
  }
  at = place;
  state = now;
  return isFound;
}

/** From the first state that tells of a match to the end of the match. @returns is the line decided? */
function extend(): bool {
  const classes = program + FORWARD_CLASSES;
  let now = state;
  let place = at - 1;
  end = place;
  while (now < dead && load<u8>(place) != LINE_FEED) {
    place += 1;
    now = step(now, classes, place);
    if (now >= firstMatch && now < dead) end = place;
  }
  ahead = place;
  return now < quit;
}

/** Finds the start of the match that ends at `end`. @returns NONE where the line cannot be decided */
function startOfMatch(): u32 {
  const classes = program + REVERSE_CLASSES;
  let now = load<u32>(program + REVERSE_STARTS + (<u32>load<u8>(end) << 2));
  let found = NONE;
  let place = end;
  while (place > from) {
    now = step(now, classes, place - 1);
    if (now >= reverseMatch) {
      if (now >= reverseDead) return now == reverseQuit ? NONE : found;
      found = place;
    }
    place -= 1;
  }
  const before = from == fromLine ? reverseEdge : load<u32>(classes + (<u32>load<u8>(from - 1) << 2));
  now = load<u32>(now + before);
  if (now == reverseQuit) return NONE;
  return now >= reverseMatch && now < reverseDead ? from : found;
}

/** Goes on at the start of a line. */
// @ts-ignore: decorator
@inline
function goOnAtLine(position: u32): void {
  at = from = fromLine = position;
  state = startOfLine;
}

/** Takes up the line of the next candidate. @returns is there one? */
function nextCandidate(): bool {
  while (list != listEnd) {
    const position = load<u32>(list);
    list += 8;
    if (position < stop) continue;
    const feed = lastFeed(stop, position);
    goOnAtLine(feed == NONE ? stop : feed + 1);
    if (fromLine >= limit) break;
    stop = lineEnd(position) + 1;
    return true;
  }
  list = listEnd;
  at = stop;
  return false;
}

/** Sets `line` to the number of the line that begins at `fromLine`. */
// @ts-ignore: decorator
@inline
function countLines(): void {
  if (lineStart == fromLine) return;
  line += countByte(LINE_FEED, lineStart, fromLine);
  lineStart = fromLine;
}

/**
 * Searches on, until all is searched or something is to be told.
 * @param out address of the output block, with columns of `capacity` words
 * @param budget steps after which it pauses, about
 * @param isLocated numbers of lines are wanted; else those of undecided lines alone
 */
export function run(out: u32, capacity: u32, budget: i32, isLocated: bool): u32 {
  const columns = out + 64;
  const size = capacity << 2;
  let left = budget;
  let count: u32 = 0;
  let status = DONE;
  for (;;) {
    if (left <= 0) {
      status = PAUSED;
      break;
    }
    const begun = at;
    const isFound = search(<u32>left < stop - at ? at + left : stop);
    left -= at - begun;
    if (!isFound) {
      if (at < stop) continue;
      left -= 64;
      if (nextCandidate()) continue;
      break;
    }
    if (state == dead) {
      goOnAtLine(lineEnd(at - 1) + 1);
      continue;
    }
    const isDecided = extend();
    const feed = lastFeed(from, end);
    if (feed != NONE) from = fromLine = feed + 1;
    if (isLocated) countLines();
    const start = isDecided ? startOfMatch() : NONE;
    left -= ahead - at + (end - start) + 16;
    if (start == NONE) {
      while (count > 0 && load<u32>(columns + (count << 2) - 4) >= fromLine - text) count -= 1;
      countLines();
      store<u32>(out, fromLine, 4);
      store<u32>(out, line, 8);
      goOnAtLine(lineEnd(ahead) + 1);
      status = UNDECIDED;
      break;
    }
    const isEmpty = start == end;
    if (!isEmpty || (end != lastEnd && end != textEnd)) {
      const column = columns + (count << 2);
      store<u32>(column, start - text);
      store<u32>(column + size, end - start);
      store<u32>(column + 2 * size, line);
      store<u32>(column + 3 * size, start - fromLine + 1);
      lastEnd = end;
      count += 1;
    }
    at = from = isEmpty ? end + 1 : end;
    const before = <u32>load<u8>(from - 1);
    if (before == LINE_FEED) fromLine = from;
    state = load<u32>(program + FORWARD_STARTS + (before << 2));
    if (count == capacity) {
      status = FULL;
      break;
    }
  }
  store<u32>(out, count);
  return status;
}
