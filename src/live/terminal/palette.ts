/** How each style looks: in colours, or in bold, faint and reversed type where colours are not wanted. */
import type { Style } from "../text/index.ts";

/** SGR parameters by style; empty for plain text. */
export type Palette = Readonly<Record<Style, string>>;

/** The 16 colours that every terminal has, so that themes of the terminal count. */
const COLORS: Palette = {
  plain: "",
  faint: "2",
  match: "1;31",
  path: "35",
  number: "32",
  selected: "7",
  "selected-match": "7;1;31",
  title: "1;36",
  on: "1;33",
  error: "1;31",
};

const NO_COLORS: Palette = {
  plain: "",
  faint: "2",
  match: "1;4",
  path: "1",
  number: "2",
  selected: "7",
  "selected-match": "7;1;4",
  title: "1",
  on: "1",
  error: "1",
};

/** The palette that the variables ask for: any value of NO_COLOR but the empty one turns colours off. */
export function paletteOf(env: Readonly<Record<string, string | undefined>>): Palette {
  return (env["NO_COLOR"] ?? "") === "" ? COLORS : NO_COLORS;
}
