/**
 * Patterns whose classes stand aside. The package parses patterns, but only such as match text, and small ones. So each
 * class that is large, or is one of bytes, is replaced by an atom: a group with a name of ours around one letter. The
 * parser finds the shape of the pattern, and what an atom means is put in afterwards.
 */
import { TOKEN } from "../matcher/index.ts";

/** The flags of a pattern that decide what a class means. */
export interface AtomFlags {
  /** i */
  readonly ignoreCase: boolean;
  /** s */
  readonly dotAll: boolean;
  /** R */
  readonly crlf: boolean;
  /** u: characters, else bytes */
  readonly unicode: boolean;
  /** x */
  readonly extended: boolean;
}

/** Something that matches one character, or one byte. */
export interface Atom {
  readonly text: string;
  readonly flags: AtomFlags;
}

/** A pattern and what its atoms stand for. */
export interface AtomPattern {
  readonly text: string;
  /** Names of atoms begin so, and no other names do. */
  readonly prefix: string;
  readonly atoms: readonly Atom[];
  /** By the parser's index of a group: the user's index, or 0 for an atom. */
  readonly groupIndexes: readonly number[];
  /** Of the user's groups. */
  readonly groupNames: ReadonlyMap<string, number>;
}

const INITIAL: AtomFlags = { ignoreCase: false, dotAll: false, crlf: false, unicode: true, extended: false };
const LETTERS: Readonly<Record<string, keyof AtomFlags>> = {
  i: "ignoreCase",
  s: "dotAll",
  R: "crlf",
  u: "unicode",
  x: "extended",
};

/** Takes the classes out of a pattern that parses. */
export function withAtoms(pattern: string): AtomPattern {
  return new AtomWriter(pattern).write();
}

class AtomWriter {
  readonly #pattern: string;
  readonly #prefix: string;
  readonly #atoms: Atom[] = [];
  readonly #groupIndexes: number[] = [0];
  readonly #groupNames = new Map<string, number>();
  #groupCount = 0;
  #text = "";
  #at = 0;
  #flags = INITIAL;
  readonly #outer: AtomFlags[] = [];

  constructor(pattern: string) {
    this.#pattern = pattern;
    let prefix = "atom";
    while (pattern.includes(prefix)) prefix += "_";
    this.#prefix = prefix;
  }

  write(): AtomPattern {
    while (this.#at < this.#pattern.length) this.#token();
    return {
      text: this.#text,
      prefix: this.#prefix,
      atoms: this.#atoms,
      groupIndexes: this.#groupIndexes,
      groupNames: this.#groupNames,
    };
  }

  #token(): void {
    const { unicode, ignoreCase, extended } = this.#flags;
    const token = tokenAt(this.#pattern, this.#at);
    const { class: opening, single, hex2 } = token.groups;
    if (opening !== undefined) return this.#class();
    this.#at += token.text.length;
    if (token.text.startsWith("(")) this.#open(token.text);
    else if (single === ")") {
      this.#flags = this.#outer.pop() ?? INITIAL;
      this.#text += single;
    } else if (single === "#" && extended) {
      const end = this.#pattern.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#pattern.length : end;
    } else if (/^\\[pPwWdDsS]/.test(token.text)) this.#atom(token.text);
    else if (unicode) this.#text += token.text;
    else if (single === "." || (hex2 !== undefined && Number.parseInt(hex2, 16) >= 0x80))
      this.#atom(token.text);
    else if (ignoreCase && /^[A-Za-z]$/.test(characterOf(token.groups) ?? "")) this.#atom(token.text);
    else this.#text += token.text;
  }

  /** A group, or flags for the rest of one. */
  #open(text: string): void {
    this.#text += text;
    const flags = /^\(\?([A-Za-z-]*)([:)])$/.exec(text);
    if (flags?.[2] !== ")") this.#outer.push(this.#flags);
    if (flags !== null) {
      this.#flags = withFlags(this.#flags, flags[1] as string);
      return;
    }
    this.#groupIndexes.push(++this.#groupCount);
    const name = /<([^>]*)>/.exec(text)?.[1];
    if (name !== undefined) this.#groupNames.set(name, this.#groupCount);
  }

  /** A class in brackets, with the classes inside of it. */
  #class(): void {
    const from = this.#at;
    let depth = 0;
    do {
      const token = tokenAt(this.#pattern, this.#at);
      if (token.groups["class"] !== undefined) depth++;
      else if (token.groups["single"] === "]") depth--;
      this.#at += token.text.length;
    } while (depth > 0 && this.#at < this.#pattern.length);
    const text = this.#pattern.slice(from, this.#at);
    if (this.#flags.unicode && !/\\[pPwWdDsS]/.test(text)) this.#text += text;
    else this.#atom(text);
  }

  #atom(text: string): void {
    this.#text += `(?<${this.#prefix}${this.#atoms.length}>a)`;
    this.#atoms.push({ text, flags: this.#flags });
    this.#groupIndexes.push(0);
  }
}

/** One token of a pattern. */
interface Token {
  readonly text: string;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

function tokenAt(pattern: string, at: number): Token {
  TOKEN.lastIndex = at;
  const found = TOKEN.exec(pattern);
  const text = found?.[0] ?? (pattern[at] as string);
  return { text, groups: found?.groups ?? {} };
}

/** The character that a token stands for by itself. */
function characterOf(groups: Token["groups"]): string | undefined {
  const hex = groups["braced"] ?? groups["hex2"] ?? groups["hex4"] ?? groups["hex8"];
  if (hex === undefined) return groups["escaped"] ?? groups["single"];
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function withFlags(flags: AtomFlags, letters: string): AtomFlags {
  const changed = { ...flags };
  let on = true;
  for (const letter of letters) {
    if (letter === "-") on = false;
    else {
      const name = LETTERS[letter];
      if (name !== undefined) changed[name] = on;
    }
  }
  return changed;
}

/** Bytes of 80 and above as characters of a private area, so that the parser can calculate with them. */
export const BYTE_STAND_INS = 0xf1000;

const BYTE_CLASSES: Readonly<Record<string, string>> = {
  w: "0-9A-Za-z_",
  d: "0-9",
  s: String.raw`\t\n\x0B\x0C\r `,
};

/** An atom of characters as a pattern of its own. */
export const characterPattern = ({ text, flags }: Atom): string =>
  `(?${flags.ignoreCase ? "i" : ""}${flags.extended ? "x" : ""}:${text})`;

/**
 * An atom of bytes as a pattern of characters, with stand-ins. It may match more characters: those are no bytes.
 * @returns undefined for an atom that has no meaning without Unicode
 */
export function bytePattern({ text, flags }: Atom): string | undefined {
  if (text === ".") {
    const except = flags.crlf ? String.raw`\r\n` : String.raw`\n`;
    return flags.dotAll ? "(?s:.)" : `[^${except}]`;
  }
  if (/\P{ASCII}|\\[pP]/u.test(text)) return undefined;
  let mapped = "";
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at);
    at += token.text.length;
    const escape = /^\\([wdsWDS])$/.exec(token.text)?.[1];
    const code = Number.parseInt(token.groups["hex2"] ?? "0", 16);
    if (escape !== undefined) {
      const isNegated = escape < "a";
      mapped += `[${isNegated ? "^" : ""}${BYTE_CLASSES[escape.toLowerCase()] as string}]`;
    } else if (code >= 0x80) mapped += `\\x{${(BYTE_STAND_INS + code).toString(16)}}`;
    else mapped += token.text;
  }
  const modes = `${flags.ignoreCase ? "i" : ""}${flags.extended ? "x" : ""}`;
  return `(?${modes}:[${mapped}])`;
}
