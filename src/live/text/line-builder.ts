/** Makes one line of the screen of pieces, never wider than the screen. */
import { shownText } from "./shown-text.ts";
import { firstColumns, nearStart, widthOf } from "./width.ts";

/** What a piece of text is. How each looks is the terminal's matter. */
export type Style =
  | "plain"
  | "faint"
  | "match"
  | "path"
  | "number"
  | "selected"
  | "selected-match"
  | "title"
  | "on"
  | "error";

/** A piece of text that looks the same all over. It has no control characters. */
export interface StyledText {
  readonly text: string;
  readonly style: Style;
}

/** A line of the screen. */
export type StyledLine = readonly StyledText[];

/** What stands where a line was cut. */
const CUT = "…";

/** See the head of this file. */
export class LineBuilder {
  readonly #columns: number;
  readonly #pieces: StyledText[] = [];
  #width = 0;
  #isCut = false;

  /** @param columns how wide the line may be */
  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Columns that are taken. */
  get width(): number {
    return this.#width;
  }

  /** Columns that are left. */
  get left(): number {
    return this.#columns - this.#width;
  }

  /** Adds a text, escaped. What does not fit is cut, and the cut is marked. */
  add(text: string, style: Style = "plain"): this {
    if (this.#isCut || text === "") return this;
    const near = nearStart(text, this.left);
    const shown = shownText(near, this.#width, this.#columns);
    const { text: fitting, width } = firstColumns(shown, this.left);
    if (fitting.length < shown.length || near.length < text.length) this.#cut(shown, style);
    else this.#push(fitting, width, style);
    return this;
  }

  /** Adds spaces up to a column. */
  padTo(column: number, style: Style = "plain"): this {
    const gap = Math.min(column, this.#columns) - this.#width;
    if (gap > 0) this.#push(" ".repeat(gap), gap, style);
    return this;
  }

  /** The line as it is now. */
  build(): StyledLine {
    return this.#pieces;
  }

  #push(text: string, width: number, style: Style): void {
    if (text === "") return;
    this.#pieces.push({ text, style });
    this.#width += width;
  }

  /** Fills the line up to its last column, and puts the mark there. */
  #cut(shown: string, style: Style): void {
    this.#isCut = true;
    if (this.#columns < 1) return;
    if (this.left < 1) {
      this.#shorten();
      return;
    }
    const { text, width } = firstColumns(shown, this.left - 1);
    this.#push(text, width, style);
    this.#push(CUT, 1, style);
  }

  /** The line is full already: its last character makes room for the mark. */
  #shorten(): void {
    const last = this.#pieces.pop();
    if (last === undefined) return;
    const width = widthOf(last.text);
    this.#width -= width;
    const { text, width: kept } = firstColumns(last.text, width - 1);
    this.#push(text, kept, last.style);
    this.#push(CUT, 1, last.style);
  }
}
