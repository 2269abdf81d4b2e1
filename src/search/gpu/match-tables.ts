/**
 * Lays the tables of an automaton out for the match kernel.
 *
 *     │ header │ column of each byte │ search rows │ hot forward │ hot reverse │ whole forward │ whole reverse │
 *     └─────────────── copied to shared memory: a word an entry ───────────────┘   two entries a word
 *
 * States are numbered anew, so that those that text of ASCII leads to come first and have rows in shared memory. The
 * search table runs along a line until it may match: matches and doubts lead to the row of QUIT, which is never left,
 * and the end of a line that did not match leads to the next line's first state. Its entries are where rows begin.
 */
import type { LineAutomaton, StateTable } from "../contracts.ts";
import { MatchTable } from "./scan.schema.ts";
import { type StateNumbers, numberForward, numberReverse } from "./state-numbers.ts";

const { DEAD, QUIT, LOST, FIRST_STATE, HEADER_WORDS } = MatchTable;
const LINE_FEED = 10;
const ASCII_BYTES = 128;
/** Of the shared memory behind the header: what the hot rows of each table may take. */
const HOT_SHARE = 0.2;
const NON_ASCII_BITS = 0x8080_8080;

/** Tables in the form that the kernel reads. */
export interface PackedTables {
  readonly words: Uint32Array;
  /** Words that are copied to shared memory; a multiple of 4. */
  readonly sharedWords: number;
}

/** A table's columns in the order of the kernel: the classes of ASCII, the edge, all other classes. */
class Columns {
  /** The column of each byte. */
  readonly ofByte: Uint8Array;
  /** The class of each column. */
  readonly classes: Uint8Array;
  /** Classes of ASCII, and the edge. */
  readonly hotCount: number;
  readonly edge: number;

  constructor({ byteClass, classCount, edgeClass, asciiClassCount }: LineAutomaton) {
    const columnOf = (index: number): number =>
      index === edgeClass ? asciiClassCount : index < asciiClassCount ? index : index + 1;
    this.ofByte = byteClass.map(columnOf);
    this.classes = new Uint8Array(classCount);
    for (let index = 0; index < classCount; index++) this.classes[columnOf(index)] = index;
    this.edge = asciiClassCount;
    this.hotCount = asciiClassCount + 1;
  }
}

/** One table with its states numbered anew. */
class NumberedTable {
  readonly #table: StateTable;
  readonly #numbers: StateNumbers;
  readonly #columns: Columns;
  readonly rowCount: number;

  constructor(table: StateTable, numbers: StateNumbers, columns: Columns) {
    this.#table = table;
    this.#numbers = numbers;
    this.#columns = columns;
    this.rowCount = numbers.stateOf.length;
  }

  /** The entry of a row and a column; 0 in rows that are nobody's. */
  entry(row: number, column: number): number {
    const state = this.#numbers.stateOf[row] as number;
    if (state < 0) return DEAD;
    const { classes } = this.#columns;
    const next = this.#table.next[state * classes.length + (classes[column] as number)] as number;
    const number = this.#numbers.numberOf[next] as number;
    return next >= this.#table.firstMatchState ? number | MatchTable.MATCH : number;
  }

  /** Writes the first rows, an entry a word. */
  writeHot(words: Uint32Array, at: number, rows: number): void {
    const { hotCount } = this.#columns;
    for (let row = 0, to = at; row < rows; row++)
      for (let column = 0; column < hotCount; column++) words[to++] = this.entry(row, column);
  }

  /** Writes all rows, two entries a word. */
  writeCold(words: Uint32Array, at: number): void {
    const entries = new Uint16Array(words.buffer, words.byteOffset + at * 4);
    const columnCount = this.#columns.classes.length;
    for (let row = 0, to = 0; row < this.rowCount; row++)
      for (let column = 0; column < columnCount; column++) entries[to++] = this.entry(row, column);
  }

  start(context: number): number {
    return this.#numbers.numberOf[this.#table.startStates[context] as number] as number;
  }
}

/** How the search table is laid out. */
interface SearchLayout {
  readonly isDirect: boolean;
  /** Entries of a row: bytes or columns, from 0. */
  readonly stride: number;
  readonly rows: number;
  readonly slowBits: number;
}

/** The first of these that fits: all bytes, ASCII, all columns; else the columns of ASCII for as many states as fit. */
function chooseSearch(numbers: StateNumbers, columns: Columns, room: number): SearchLayout {
  const { asciiCount, searchCount } = numbers;
  const columnCount = columns.classes.length;
  if (searchCount * 256 <= room) return { isDirect: true, stride: 256, rows: searchCount, slowBits: 0 };
  if (asciiCount * ASCII_BYTES <= room)
    return { isDirect: true, stride: ASCII_BYTES, rows: asciiCount, slowBits: NON_ASCII_BITS };
  if (searchCount * columnCount <= room)
    return { isDirect: false, stride: columnCount, rows: searchCount, slowBits: 0 };
  const rows = Math.min(asciiCount, Math.floor(room / columns.hotCount));
  return { isDirect: false, stride: columns.hotCount, rows, slowBits: NON_ASCII_BITS };
}

function writeSearch(
  words: Uint32Array,
  at: number,
  { isDirect, stride, rows }: SearchLayout,
  table: NumberedTable,
  columns: Columns,
): void {
  const rowAt = (state: number): number => at + (state < rows ? state : LOST) * stride;
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < stride; index++) {
      const column = isDirect ? (columns.ofByte[index] as number) : index;
      const entry = table.entry(row, column);
      const isMatch = (entry & MatchTable.MATCH) !== 0 || entry === QUIT;
      const isEdge = isDirect ? index === LINE_FEED : column === columns.edge;
      let next = isMatch ? QUIT : isEdge ? FIRST_STATE : entry;
      if (row === QUIT || row === LOST) next = row;
      words[at + row * stride + index] = rowAt(next);
    }
  }
}

/**
 * @param tableWords words of shared memory that the kernel has for tables
 * @returns undefined for an automaton with more states than an entry can name
 */
export function packTables(automaton: LineAutomaton, tableWords: number): PackedTables | undefined {
  const { forward, reverse } = automaton;
  if (Math.max(forward.stateCount, reverse.stateCount) + FIRST_STATE >= MatchTable.STATES_MAX)
    return undefined;
  const columns = new Columns(automaton);
  const forwardNumbers = numberForward(automaton);
  const reverseNumbers = numberReverse(automaton);
  const forwardTable = new NumberedTable(forward, forwardNumbers, columns);
  const reverseTable = new NumberedTable(reverse, reverseNumbers, columns);

  const hotRowsMax = Math.floor((HOT_SHARE * (tableWords - HEADER_WORDS)) / columns.hotCount);
  const forwardRows = Math.min(hotRowsMax, forwardNumbers.hotCount);
  const reverseRows = Math.min(hotRowsMax, reverseNumbers.hotCount);
  const hotWords = (forwardRows + reverseRows) * columns.hotCount;
  const search = chooseSearch(forwardNumbers, columns, tableWords - HEADER_WORDS - hotWords);
  const forwardAt = HEADER_WORDS + search.rows * search.stride;
  const reverseAt = forwardAt + forwardRows * columns.hotCount;
  const sharedWords = (reverseAt + reverseRows * columns.hotCount + 3) & ~3;
  const coldWords = (table: NumberedTable): number =>
    Math.ceil((table.rowCount * columns.classes.length) / 2);
  const coldReverseAt = sharedWords + coldWords(forwardTable);

  const words = new Uint32Array((coldReverseAt + coldWords(reverseTable) + 3) & ~3);
  words[MatchTable.IS_DIRECT] = search.isDirect ? 1 : 0;
  words[MatchTable.SLOW_BITS] = search.slowBits;
  words[MatchTable.SEARCH] = HEADER_WORDS;
  words[MatchTable.SEARCH_STRIDE] = search.stride;
  words[MatchTable.SEARCH_STATES] = search.rows;
  words[MatchTable.FORWARD] = forwardAt;
  words[MatchTable.FORWARD_STATES] = forwardRows;
  words[MatchTable.REVERSE] = reverseAt;
  words[MatchTable.REVERSE_STATES] = reverseRows;
  words[MatchTable.HOT_COLUMNS] = columns.hotCount;
  words[MatchTable.COLUMNS] = columns.classes.length;
  words[MatchTable.COLD_FORWARD] = sharedWords;
  words[MatchTable.COLD_REVERSE] = coldReverseAt;
  words[MatchTable.CAN_BE_EMPTY] = automaton.canBeEmpty ? 1 : 0;
  words[MatchTable.EDGE_COLUMN] = columns.edge;
  for (let context = 0; context < 4; context++) {
    words[MatchTable.FORWARD_START + context] = forwardTable.start(context);
    words[MatchTable.REVERSE_START + context] = reverseTable.start(context);
  }
  words.set(columns.ofByte, MatchTable.BYTES);
  writeSearch(words, HEADER_WORDS, search, forwardTable, columns);
  forwardTable.writeHot(words, forwardAt, forwardRows);
  reverseTable.writeHot(words, reverseAt, reverseRows);
  forwardTable.writeCold(words, sharedWords);
  reverseTable.writeCold(words, coldReverseAt);
  return { words, sharedWords };
}
