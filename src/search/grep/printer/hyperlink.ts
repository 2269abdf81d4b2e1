/** Links around paths and lines, for terminals that open them (OSC 8). The format is the user's. */
import { realpathSync } from "node:fs";
import { EverwarpError } from "../../../base/index.ts";

const VARIABLES = ["path", "line", "column", "host", "wslprefix"] as const;
type Variable = (typeof VARIABLES)[number];

/** A part of a link: text, or a value. */
export type LinkPart = { readonly text: string } | { readonly variable: Variable };

/** A format and the values that are the same in all links. It can be posted to a worker thread. */
export interface Hyperlinks {
  readonly parts: readonly LinkPart[];
  readonly host: string;
  readonly wslPrefix: string;
}

/** Names that stand for formats. The first two come first where they are listed. */
const ALIASES: Readonly<Record<string, string>> = {
  default: "file://{host}{path}",
  none: "",
  file: "file://{host}{path}",
  "grep+": "grep+://{path}:{line}",
  kitty: "file://{host}{path}#{line}",
  macvim: "mvim://open?url=file://{path}&line={line}&column={column}",
  textmate: "txmt://open?url=file://{path}&line={line}&column={column}",
  vscode: "vscode://file{path}:{line}:{column}",
  "vscode-insiders": "vscode-insiders://file{path}:{line}:{column}",
  vscodium: "vscodium://file{path}:{line}:{column}",
};

/** The names that stand for formats. */
export const HYPERLINK_ALIASES: readonly string[] = Object.keys(ALIASES);

const invalid = (message: string): EverwarpError =>
  new EverwarpError("EW_BAD_FLAG_VALUE", `invalid hyperlink format: ${message}`);

/** Parses a format. Without parts, there are no links. @throws EW_BAD_FLAG_VALUE with ripgrep's text */
export function parseHyperlinkFormat(format: string): LinkPart[] {
  const source = Object.hasOwn(ALIASES, format) ? (ALIASES[format] as string) : format;
  const parts: LinkPart[] = [];
  let text = "";
  const endText = (): void => {
    if (text !== "") parts.push({ text });
    text = "";
  };
  for (let at = 0; at < source.length; at++) {
    const character = source[at] as string;
    const isDoubled = source[at + 1] === character;
    if ((character !== "{" && character !== "}") || isDoubled) {
      text += character;
      if (isDoubled && (character === "{" || character === "}")) at++;
      continue;
    }
    if (character === "}")
      throw invalid("unopened variable: found '}' without a corresponding '{' preceding it");
    const end = source.indexOf("}", at);
    if (end < 0) throw invalid("unclosed variable: found '{' without a corresponding '}' following it");
    endText();
    parts.push({ variable: variableOf(source.slice(at + 1, end)) });
    at = end;
  }
  endText();
  check(parts);
  return parts;
}

function variableOf(name: string): Variable {
  const variable = VARIABLES.find((each) => each === name);
  if (variable === undefined)
    throw invalid(`invalid hyperlink format variable: '${name}', choose from: ${VARIABLES.join(", ")}`);
  return variable;
}

function check(parts: readonly LinkPart[]): void {
  const [first] = parts;
  if (first === undefined) return;
  const has = (variable: Variable): boolean =>
    parts.some((part) => "variable" in part && part.variable === variable);
  if (!parts.some((part) => "variable" in part))
    throw invalid(
      "at least a {path} variable is required in a hyperlink format, or otherwise use a valid alias: " +
        HYPERLINK_ALIASES.join(", "),
    );
  if (!has("path")) throw invalid("the {path} variable is required in a hyperlink format");
  if (has("column") && !has("line"))
    throw invalid("the hyperlink format contains a {column} variable, but no {line} variable is present");
  if (!("text" in first && /^[0-9A-Za-z+.-]+:/.test(first.text)))
    throw invalid("the hyperlink format must start with a valid URL scheme, i.e., [0-9A-Za-z+-.]+:");
}

const LINK_START = "\x1b]8;;";
const LINK_STOP = "\x1b\\";
/** Ends a link. */
export const LINK_END = Buffer.from(LINK_START + LINK_STOP);

/** The links of one file after another. */
export class LinkTarget {
  /** Lines of the same file have links of their own. */
  readonly isLineDependent: boolean;
  readonly #links: Hyperlinks;
  #shownPath: Uint8Array | undefined;
  #path: string | undefined;

  constructor(links: Hyperlinks) {
    this.#links = links;
    this.isLineDependent = links.parts.some((part) => "variable" in part && part.variable === "line");
  }

  /**
   * The sequence that begins a link.
   * @param shownPath the path as it is printed
   * @param line 0 where it is not known
   * @param column 0 where it is not known
   * @returns undefined where the path leads nowhere
   */
  start(shownPath: Uint8Array, line: number, column: number): Buffer | undefined {
    if (shownPath !== this.#shownPath) {
      this.#shownPath = shownPath;
      this.#path = encodedPath(shownPath);
    }
    const path = this.#path;
    if (path === undefined) return undefined;
    const { parts, host, wslPrefix } = this.#links;
    const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");
    const values: Record<Variable, string> = {
      path,
      host: bytesOf(host),
      wslprefix: bytesOf(wslPrefix),
      line: String(line || 1),
      column: String(column || 1),
    };
    const link = parts.map((part) => ("text" in part ? bytesOf(part.text) : values[part.variable])).join("");
    return Buffer.from(LINK_START + link + LINK_STOP, "latin1");
  }
}

/** The absolute path as a part of a URL, as a byte string. */
function encodedPath(shownPath: Uint8Array): string | undefined {
  let absolute: string;
  try {
    absolute = realpathSync.native(Buffer.from(shownPath), "buffer").toString("latin1");
  } catch {
    return undefined; // standard input has no path, and a file may be gone
  }
  return absolute.replace(
    /[^0-9A-Za-z/:._~\x80-\xff-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
