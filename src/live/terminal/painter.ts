/**
 * Turns frames into what has to be written.
 *
 * Invariants: only lines that differ from those on the screen are written, in one piece, between the marks of
 * synchronized output, so that no half frame is seen. After `forget` everything is written.
 */
import type { StyledLine } from "../text/index.ts";
import type { Palette } from "./palette.ts";

/** What is drawn. */
interface Drawing {
  readonly lines: readonly StyledLine[];
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
}

const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR = "\x1b[2J";
/** Before the text: behind a line that is full, it would take the last character. */
const CLEAR_REST = "\x1b[K";

/** See the head of this file. */
export class Painter {
  readonly #palette: Palette;
  #shown: readonly string[] | undefined;
  #cursor = "";

  constructor(palette: Palette) {
    this.#palette = palette;
  }

  /** The screen was cleared or has another size. */
  forget(): void {
    this.#shown = undefined;
  }

  /** @returns what is to be written; empty where nothing has changed */
  paint({ lines, cursor }: Drawing): string {
    const texts = lines.map((line) => this.#text(line));
    const before = this.#shown;
    const isNew = before === undefined || before.length !== texts.length;
    const changed = texts
      .map((text, row) => (!isNew && before[row] === text ? "" : moveTo(row, 0) + CLEAR_REST + text))
      .join("");
    const place = cursor === undefined ? "" : moveTo(cursor.row, cursor.column) + SHOW_CURSOR;
    this.#shown = texts;
    if (changed === "" && place === this.#cursor) return "";
    this.#cursor = place;
    return BEGIN + HIDE_CURSOR + (isNew ? CLEAR : "") + changed + place + END;
  }

  #text(line: StyledLine): string {
    return line
      .map(({ text, style }) => {
        const code = this.#palette[style];
        return code === "" ? text : `\x1b[${code}m${text}\x1b[m`;
      })
      .join("");
  }
}

function moveTo(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}
