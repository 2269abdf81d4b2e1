/**
 * Turns a `LineAutomaton` into the program block that the match kernel reads. assembly/match.ts draws its layout.
 *
 * Invariant: a block says the same wherever it lies, but for the words of `REBASED`: to those its address is added when
 * it is written into a memory.
 */
import { contextOf, CONTEXT, DEAD, QUIT } from "../automaton/index.ts";
import type { LineAutomaton, StateTable } from "../contracts.ts";
import { BYTE_RANK } from "../scanner/index.ts";

const HEADER_WORDS = 10;
const SKIP_TABLES = 64;
const FORWARD_CLASSES = 128;
const REVERSE_CLASSES = 1152;
const FORWARD_STARTS = 2176;
const REVERSE_STARTS = 3200;
const ROWS = 4224;

const NONE = 0xffff_ffff;
const LINE_FEED = 10;
/** Word of the reverse edge's class. */
const REVERSE_EDGE_WORD = 9;
/** Words to which the block's address is added: from, to. */
const REBASED = [
  [REVERSE_EDGE_WORD, HEADER_WORDS],
  [FORWARD_CLASSES / 4, FORWARD_STARTS / 4],
] as const;

/**
 * The kernel looks 16 bytes ahead in the idle state where bytes that leave it are rarer than this, by `BYTE_RANK`'s
 * measure of source text.
 */
const SHARE_LEAVING_MAX = 0.12;

/** Size in bytes of the program block for an automaton. */
export function matchProgramBytes({ classCount, forward, reverse }: LineAutomaton): number {
  return ROWS + 4 * classCount * (forward.stateCount + reverse.stateCount);
}

/** Where the states of a table lie: the row of each, in the order that the kernel wants. */
interface RowOrder {
  /** Per state: offset of its row, in bytes. */
  readonly offsets: Uint32Array;
  readonly firstMatch: number;
  readonly dead: number;
  readonly quit: number;
}

/** @param idle this state comes last of those that do not tell of a match */
function orderRows({ stateCount, firstMatchState }: StateTable, classCount: number, idle = -1): RowOrder {
  const offsets = new Uint32Array(stateCount);
  let row = 0;
  const place = (state: number): void => {
    offsets[state] = 4 * classCount * row++;
  };
  for (let state = QUIT + 1; state < firstMatchState; state++) if (state !== idle) place(state);
  if (idle >= 0) place(idle);
  const firstMatch = 4 * classCount * row;
  for (let state = Math.max(QUIT + 1, firstMatchState); state < stateCount; state++) place(state);
  place(DEAD);
  place(QUIT);
  return { offsets, firstMatch, dead: offsets[DEAD]!, quit: offsets[QUIT]! };
}

/** Writes the program block, as for address 0. */
export function makeMatchProgram(automaton: LineAutomaton): Uint32Array {
  const { byteClass, classCount, edgeClass, forward, reverse } = automaton;
  const words = new Uint32Array(matchProgramBytes(automaton) / 4);
  const leaving = findIdle(automaton);
  const ahead = orderRows(forward, classCount, leaving?.state);
  const back = orderRows(reverse, classCount);
  const reverseRows = ROWS + 4 * classCount * forward.stateCount;
  const atLineStart = ahead.offsets[forward.startStates[CONTEXT.EDGE]]!;
  const idle = leaving === undefined ? NONE : ahead.offsets[leaving.state]!;
  words.set([
    idle,
    leaving === undefined ? ahead.firstMatch : idle,
    ahead.firstMatch,
    ahead.dead,
    ahead.quit,
    atLineStart,
    back.firstMatch,
    back.dead,
    back.quit,
    reverseRows + 4 * edgeClass,
  ]);
  if (leaving !== undefined) writeSkipTables(new Uint8Array(words.buffer, SKIP_TABLES, 48), leaving.bytes);
  for (let byte = 0; byte < 256; byte++) {
    const context = byte === LINE_FEED ? CONTEXT.EDGE : contextOf(byte);
    words[FORWARD_CLASSES / 4 + byte] = ROWS + 4 * byteClass[byte]!;
    words[REVERSE_CLASSES / 4 + byte] = reverseRows + 4 * byteClass[byte]!;
    words[FORWARD_STARTS / 4 + byte] = ahead.offsets[forward.startStates[context]]!;
    words[REVERSE_STARTS / 4 + byte] = back.offsets[reverse.startStates[context]]!;
  }
  writeRows(words.subarray(ROWS / 4), forward, classCount, ahead);
  writeRows(words.subarray(reverseRows / 4), reverse, classCount, back);
  // A search that finds no match in its line goes on with the next line.
  for (let state = QUIT + 1; state < forward.firstMatchState; state++) {
    const edge = (ROWS + ahead.offsets[state]!) / 4 + edgeClass;
    if (words[edge] === ahead.dead) words[edge] = atLineStart;
  }
  return words;
}

function writeRows(words: Uint32Array, table: StateTable, classCount: number, { offsets }: RowOrder): void {
  for (let state = 0; state < table.stateCount; state++) {
    const row = offsets[state]! / 4;
    for (let index = 0; index < classCount; index++) {
      words[row + index] = offsets[table.next[state * classCount + index]!]!;
    }
  }
}

/**
 * Puts a block where a kernel is to read it.
 * @param words the whole memory, from its start
 * @param address in bytes, a multiple of 16
 */
export function placeMatchProgram(block: Uint32Array, words: Uint32Array, address: number): void {
  const at = address / 4;
  words.set(block, at);
  for (const [from, to] of REBASED) {
    for (let word = from; word < to; word++) words[at + word] = block[word]! + address;
  }
}

/** How often each byte occurs in source text, about: ranks as shares. */
function shareOf(byte: number): number {
  // The most common byte has the rank 255; every 30 ranks below, bytes are half as common.
  return 0.06 * 2 ** ((BYTE_RANK[byte]! - 255) / 12);
}

/** The state of the search in which most bytes change nothing, and the bytes that do; undefined where they are many. */
function findIdle({
  byteClass,
  classCount,
  forward,
}: LineAutomaton): { state: number; bytes: number[] } | undefined {
  const starts = new Set(forward.startStates);
  const [state] = starts;
  if (starts.size !== 1 || state === undefined || state <= QUIT || state >= forward.firstMatchState)
    return undefined;
  const bytes: number[] = [];
  let share = 0;
  for (let byte = 0; byte < 256; byte++) {
    const next = forward.next[state * classCount + byteClass[byte]!]!;
    if (next === state || (byte === LINE_FEED && next === DEAD)) continue;
    bytes.push(byte);
    share += shareOf(byte);
  }
  return share > SHARE_LEAVING_MAX ? undefined : { state, bytes };
}

/**
 * Writes three tables of 16 bytes, which together tell whether a byte is one of `bytes`. The first table is for bytes
 * below 0x80, and the second table for the others. Both have an entry for each low nibble. The third table has a bit
 * for each high nibble. A byte is one of `bytes` if the entry of its low nibble has the bit of its high nibble.
 */
function writeSkipTables(tables: Uint8Array, bytes: readonly number[]): void {
  for (const byte of bytes) tables[(byte < 0x80 ? 0 : 16) + (byte & 15)]! |= 1 << ((byte >> 4) & 7);
  for (let nibble = 0; nibble < 16; nibble++) tables[32 + nibble] = 1 << (nibble & 7);
}
