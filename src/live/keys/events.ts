/** What people do at a terminal. Types only. */

/** A key that types no text. */
export type KeyName =
  | "up"
  | "down"
  | "left"
  | "right"
  | "home"
  | "end"
  | "page-up"
  | "page-down"
  | "delete"
  | "backspace"
  | "enter"
  | "tab"
  | "escape"
  | `f${number}`
  /** A letter; always with Control or Alt. */
  | `letter-${string}`;

/** A key that types no text, with what was held down beside it. */
export interface KeyEvent {
  readonly kind: "key";
  readonly name: KeyName;
  readonly hasControl: boolean;
  readonly hasAlt: boolean;
}

/** Something that somebody did at a terminal. */
export type InputEvent =
  | KeyEvent
  /** Typed text: printable, without line feeds. */
  | { readonly kind: "text"; readonly text: string }
  /** A pasted text as it came: it may have line feeds and control characters. */
  | { readonly kind: "paste"; readonly text: string }
  /** Rows and columns count from 0. */
  | { readonly kind: "click"; readonly row: number; readonly column: number }
  | { readonly kind: "wheel"; readonly row: number; readonly lines: number };
