/** Colours of the terminal: ripgrep's defaults, the language of --colors, and ripgrep's escape sequences. */
import { EverwarpError } from "../../../base/index.ts";

/** A colour: 0–7 by name, 8–255 from the table of 256, or three numbers for red, green and blue. */
export type Color = number | readonly [number, number, number];

/** How one kind of text looks. */
export interface ColorSpec {
  fg?: Color;
  bg?: Color;
  /** The colour 0–7 was given by number, so it is written as an entry of the table of 256. */
  fgIndexed?: boolean;
  bgIndexed?: boolean;
  bold?: boolean;
  intense?: boolean;
  underline?: boolean;
  italic?: boolean;
}

const PARTS = ["path", "line", "column", "match", "highlight"] as const;
/** A kind of text that --colors can style. */
export type ColorPart = (typeof PARTS)[number];
/** The styles of all kinds of text. */
export type ColorSpecs = Record<ColorPart, ColorSpec>;

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** ripgrep's default styles. */
export const DEFAULT_COLOR_SPECS: ColorSpecs = {
  path: { fg: 5 },
  line: { fg: 2 },
  column: {},
  match: { fg: 1, bold: true },
  highlight: {},
};

/** The escape sequence that ends a style. */
export const RESET = "\x1b[0m";

/** True if nothing is set. Text of this kind is written without escape sequences. */
export function isPlain(spec: ColorSpec): boolean {
  return (
    spec.fg === undefined &&
    spec.bg === undefined &&
    !spec.bold &&
    !spec.underline &&
    !spec.italic &&
    !spec.intense
  );
}

function colorSequence(color: Color, indexed: boolean, intense: boolean, foreground: boolean): string {
  const wide = foreground ? "38" : "48";
  if (typeof color !== "number") return `\x1b[${wide};2;${color.join(";")}m`;
  if (indexed || color > 7) return `\x1b[${wide};5;${color}m`;
  return intense ? `\x1b[${wide};5;${color + 8}m` : `\x1b[${foreground ? 3 : 4}${color}m`;
}

/** The escape sequences that begin a style. The first one always ends the last style. */
export function startSequence(spec: ColorSpec): string {
  let sequence = RESET;
  if (spec.bold) sequence += "\x1b[1m";
  if (spec.italic) sequence += "\x1b[3m";
  if (spec.underline) sequence += "\x1b[4m";
  if (spec.fg !== undefined)
    sequence += colorSequence(spec.fg, spec.fgIndexed ?? false, spec.intense ?? false, true);
  if (spec.bg !== undefined)
    sequence += colorSequence(spec.bg, spec.bgIndexed ?? false, spec.intense ?? false, false);
  return sequence;
}

function bad(message: string): EverwarpError {
  return new EverwarpError("EW_BAD_FLAG_VALUE", message);
}

function parseNumber(text: string): number | undefined {
  const value = /^0x[0-9a-f]{1,2}$/i.test(text)
    ? Number.parseInt(text, 16)
    : /^\d{1,3}$/.test(text)
      ? Number(text)
      : 256;
  return value <= 255 ? value : undefined;
}

function parseColor(text: string): { color: Color; indexed: boolean } {
  const name = NAMES.indexOf(text.toLowerCase());
  if (name !== -1) return { color: name, indexed: false };
  const numbers = text.split(",").map(parseNumber);
  const [first, second, third] = numbers;
  if (numbers.length === 1 && first !== undefined) return { color: first, indexed: true };
  if (numbers.length === 3 && first !== undefined && second !== undefined && third !== undefined)
    return { color: [first, second, third], indexed: true };
  throw bad(
    numbers.length > 1 || /^\d/.test(text)
      ? `unrecognized ansi256 color number, should be '[0-255]' (or a hex number), but is '${text}'`
      : `unrecognized color name '${text}'. Choose from: black, blue, green, red, cyan, magenta, yellow, white`,
  );
}

function applyStyle(spec: ColorSpec, style: string): void {
  const on = !style.startsWith("no");
  switch (on ? style : style.slice(2)) {
    case "bold":
      spec.bold = on;
      return;
    case "intense":
      spec.intense = on;
      return;
    case "underline":
      spec.underline = on;
      return;
    case "italic":
      spec.italic = on;
      return;
    default:
      throw bad(
        `unrecognized style attribute '${style}'. Choose from: nobold, bold, nointense, intense, nounderline, underline, noitalic, italic.`,
      );
  }
}

/** Applies one value of --colors to `specs`. @throws EW_BAD_FLAG_VALUE */
export function applyColorSpec(specs: ColorSpecs, text: string): void {
  const pieces = text.split(":");
  const [partName, kind, value] = pieces;
  const badForm = (): EverwarpError =>
    bad(
      `invalid color spec format: '${text}'. Valid format is '(path|line|column|match|highlight):(fg|bg|style):(value)'.`,
    );
  if (partName === undefined || kind === undefined || pieces.length > 3) throw badForm();
  const part = PARTS.find((name) => name === partName.toLowerCase());
  if (part === undefined)
    throw bad(`unrecognized output type '${partName}'. Choose from: path, line, column, match, highlight.`);
  if (kind.toLowerCase() === "none") {
    specs[part] = {};
    return;
  }
  if (!["fg", "bg", "style"].includes(kind.toLowerCase()))
    throw bad(`unrecognized spec type '${kind}'. Choose from: fg, bg, style, none.`);
  if (value === undefined) throw badForm();
  const spec = (specs[part] = { ...specs[part] });
  if (kind.toLowerCase() === "style") return applyStyle(spec, value.toLowerCase());
  const { color, indexed } = parseColor(value);
  if (kind.toLowerCase() === "fg") Object.assign(spec, { fg: color, fgIndexed: indexed });
  else Object.assign(spec, { bg: color, bgIndexed: indexed });
}
