/**
 * One glob in ripgrep's dialect, compiled to the cheapest exact test.
 *
 * The dialect is that of the Rust crate globset with `literal_separator`. `*` and `?` stop at "/", `**`
 * crosses it, `{a,b}` nests, `[!a]` and `[^a]` negate, `\` quotes. Paths are bytes there, so `?` takes one
 * byte of an "é". Here a path is a *byte string*: one UTF-16 unit (0–255) for every byte. For ASCII paths,
 * that is the path itself.
 */
import { bytesOfText } from "../../base/index.ts";

/** How a glob is tested, cheapest first; `text` and `suffix` are byte strings. */
export type GlobTest =
  /** The last component equals `text`. */
  | { kind: "name"; text: string }
  /** The last component ends with `suffix`. */
  | { kind: "nameSuffix"; suffix: string }
  /** The whole path equals `text`. */
  | { kind: "path"; text: string }
  /** The last component matches a regular expression (flags "s"). `onlyTop`: the path has no other component. */
  | { kind: "nameRegexp"; source: string; onlyTop: boolean }
  /** The whole path matches a regular expression (flags "s"). */
  | { kind: "regexp"; source: string };

/** A glob that does not parse. `message` is ripgrep's text. */
export class GlobSyntaxError extends Error {}

type Token =
  | { kind: "literal"; byte: string }
  | { kind: "any" | "star" | "recursivePrefix" | "recursiveSuffix" | "recursiveMiddle" }
  | { kind: "class"; negated: boolean; ranges: [string, string][] }
  | { kind: "alternates"; branches: Token[][] };

const literalToken = (byte: string): Token => ({ kind: "literal", byte });

/** The bytes of a text, which may be byte text, as a byte string. ASCII text is returned unchanged. */
export function toByteString(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return bytesOfText(text).toString("latin1");
  }
  return text;
}

/**
 * Compiles a glob.
 *
 * @param allowUnclosedClass a "[" without "]" is an ordinary character (in ignore files). Else it is an error
 * (`-g`)
 * @throws GlobSyntaxError
 */
export function compileGlob(
  glob: string,
  options: { ignoreCase: boolean; allowUnclosedClass: boolean },
): GlobTest {
  const tokens = new Parser(glob, options.allowUnclosedClass).parse();
  if (!options.ignoreCase) {
    const literal = literalText(tokens, 0);
    if (literal !== undefined) return { kind: "path", text: literal };
    if (tokens[0]?.kind === "recursivePrefix") {
      const name = literalText(tokens, 1);
      if (name !== undefined && name !== "" && !name.includes("/")) return { kind: "name", text: name };
      if (tokens[1]?.kind === "star") {
        const suffix = literalText(tokens, 2);
        if (suffix !== undefined && suffix !== "" && !suffix.includes("/")) {
          return { kind: "nameSuffix", suffix };
        }
      }
    }
  }
  const startsAnywhere = tokens[0]?.kind === "recursivePrefix";
  const rest = startsAnywhere ? tokens.slice(1) : tokens;
  if (rest.length > 0 && staysInComponent(rest)) {
    const source = `^${toRegExpSource(rest, options.ignoreCase)}$`;
    return { kind: "nameRegexp", source, onlyTop: !startsAnywhere };
  }
  const whole = tokens.length === 1 && tokens[0]?.kind === "recursivePrefix";
  return { kind: "regexp", source: whole ? "^.*$" : `^${toRegExpSource(tokens, options.ignoreCase)}$` };
}

/** True if no token can match a "/". A class can: `a[!b]c` matches "a/c" in this dialect. */
function staysInComponent(tokens: Token[]): boolean {
  return tokens.every((token) => {
    switch (token.kind) {
      case "literal":
        return token.byte !== "/";
      case "any":
      case "star":
        return true;
      case "class":
        return !token.negated && !token.ranges.some(([from, to]) => from <= "/" && "/" <= to);
      case "alternates":
        return token.branches.every(staysInComponent);
      default:
        return false;
    }
  });
}

/** The text of tokens[from..] if all of them are literals. */
function literalText(tokens: Token[], from: number): string | undefined {
  let text = "";
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.kind !== "literal") return undefined;
    text += token.byte;
  }
  return text;
}

function toRegExpSource(tokens: Token[], ignoreCase: boolean): string {
  let source = "";
  for (const token of tokens) {
    switch (token.kind) {
      case "literal":
        source += ignoreCase ? foldedLiteral(token.byte) : escapeByte(token.byte);
        break;
      case "any":
        source += "[^/]";
        break;
      case "star":
        source += "[^/]*";
        break;
      case "recursivePrefix":
        source += "(?:/?|.*/)";
        break;
      case "recursiveSuffix":
        source += "/.*";
        break;
      case "recursiveMiddle":
        source += "(?:/|/.*/)";
        break;
      case "class":
        source += classSource(token, ignoreCase);
        break;
      case "alternates": {
        const parts = token.branches.map((b) => toRegExpSource(b, ignoreCase)).filter((part) => part !== "");
        if (parts.length > 0) source += `(?:${parts.join("|")})`;
        break;
      }
    }
  }
  return source;
}

const escapeByte = (byte: string): string =>
  Array.from(byte)
    .map((unit) =>
      /[A-Za-z0-9_]/.test(unit) ? unit : `\\x${unit.charCodeAt(0).toString(16).padStart(2, "0")}`,
    )
    .join("");

const foldedLiteral = (byte: string): string =>
  /^[A-Za-z]$/.test(byte) ? `[${byte.toLowerCase()}${byte.toUpperCase()}]` : escapeByte(byte);

/** A class of byte ranges. If case is ignored, a range of ASCII letters gets the range of its other case too. */
function classSource(token: { negated: boolean; ranges: [string, string][] }, ignoreCase: boolean): string {
  let members = "";
  for (const [first, last] of token.ranges) {
    // A character of several bytes is a sequence, and a class has single bytes: each of its bytes becomes a
    // member.
    members += first === last ? escapeByte(first) : `${escapeByte(first)}-${escapeByte(last)}`;
    if (!ignoreCase) continue;
    for (const [low, high, shift] of [
      [0x41, 0x5a, 32],
      [0x61, 0x7a, -32],
    ] as const) {
      const from = Math.max(low, first.charCodeAt(first.length - 1));
      const to = Math.min(high, last.charCodeAt(0));
      if (from <= to) {
        const other = (unit: number): string => escapeByte(String.fromCharCode(unit + shift));
        members += `${other(from)}-${other(to)}`;
      }
    }
  }
  return `[${token.negated ? "^" : ""}${members}]`;
}

/**
 * Turns the characters of a glob into tokens. `branches` has the arms of the open alternation. Index 0 is the
 * glob itself.
 */
class Parser {
  private readonly characters: string[];
  private position = 0;
  private previous: string | undefined;
  private current: string | undefined;
  private readonly branches: Token[][] = [[]];
  private readonly alternateStarts: number[] = [];
  private sawUnclosedClass = false;
  private readonly allowUnclosedClass: boolean;

  constructor(glob: string, allowUnclosedClass: boolean) {
    this.characters = Array.from(glob);
    this.allowUnclosedClass = allowUnclosedClass;
  }

  parse(): Token[] {
    for (let c = this.next(); c !== undefined; c = this.next()) {
      if (c === "?") this.push({ kind: "any" });
      else if (c === "*") this.parseStar();
      else if (c === "[" && !this.sawUnclosedClass) this.parseClass();
      else if (c === "{") {
        this.alternateStarts.push(this.branches.length);
        this.branches.push([]);
      } else if (c === "}") this.closeAlternates();
      else if (c === "," && this.alternateStarts.length > 0) this.branches.push([]);
      else if (c === "\\") {
        const quoted = this.next();
        if (quoted === undefined) throw new GlobSyntaxError("dangling '\\'");
        this.pushLiteral(quoted);
      } else this.pushLiteral(c);
    }
    if (this.alternateStarts.length > 0) {
      throw new GlobSyntaxError("unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)");
    }
    return this.branches[0] as Token[];
  }

  private next(): string | undefined {
    this.previous = this.current;
    this.current = this.characters[this.position];
    if (this.current !== undefined) this.position++;
    return this.current;
  }

  private peek(): string | undefined {
    return this.characters[this.position];
  }

  private top(): Token[] {
    return this.branches[this.branches.length - 1] as Token[];
  }

  private push(...tokens: Token[]): void {
    this.top().push(...tokens);
  }

  private pushLiteral(character: string): void {
    for (const byte of toByteString(character)) this.push(literalToken(byte));
  }

  private closeAlternates(): void {
    const start = this.alternateStarts.pop();
    if (start === undefined) {
      throw new GlobSyntaxError("unopened alternate group; missing '{' (maybe escape '}' with '[}]'?)");
    }
    const branches = this.branches.splice(start);
    this.push({ kind: "alternates", branches });
  }

  /**
   * One star stays in its component. Two stars that fill a component cross components. Other pairs are two
   * single stars.
   */
  private parseStar(): void {
    const before = this.previous;
    if (this.peek() !== "*") return this.push({ kind: "star" });
    this.next();
    const after = this.peek();
    if (this.top().length === 0) {
      if (after !== undefined && after !== "/") return this.push({ kind: "star" }, { kind: "star" });
      this.push({ kind: "recursivePrefix" });
      this.next();
      return;
    }
    const inBranch = this.branches.length > 1;
    if (before !== "/" && !(inBranch && (before === "," || before === "{"))) {
      return this.push({ kind: "star" }, { kind: "star" });
    }
    const isSuffix = after === undefined || (inBranch && (after === "," || after === "}"));
    if (!isSuffix && after !== "/") return this.push({ kind: "star" }, { kind: "star" });
    if (after === undefined || after === "/") this.next();
    const popped = this.top().pop() as Token; // the "/" before, or the recursive token that has taken it
    if (popped.kind === "recursivePrefix" || popped.kind === "recursiveSuffix") this.push(popped);
    else this.push({ kind: isSuffix ? "recursiveSuffix" : "recursiveMiddle" });
  }

  private parseClass(): void {
    const saved = { position: this.position, previous: this.previous, current: this.current };
    const ranges: [string, string][] = [];
    const negated = this.peek() === "!" || this.peek() === "^";
    if (negated) this.next();
    let first = true;
    let inRange = false;
    const endRange = (end: string): void => {
      const range = ranges[ranges.length - 1] as [string, string];
      if ((end.codePointAt(0) as number) < (range[0].codePointAt(0) as number)) {
        throw new GlobSyntaxError(`invalid range; '${range[0]}' > '${end}'`);
      }
      range[1] = end;
      inRange = false;
    };
    for (;;) {
      const c = this.next();
      if (c === undefined) {
        if (!this.allowUnclosedClass) throw new GlobSyntaxError("unclosed character class; missing ']'");
        this.position = saved.position;
        this.previous = saved.previous;
        this.current = saved.current;
        this.sawUnclosedClass = true;
        return this.pushLiteral("[");
      }
      if (c === "]" && !first) break;
      if (c === "-" && !first && !inRange) inRange = true;
      else if (inRange) endRange(c);
      else ranges.push([c, c]);
      first = false;
    }
    if (inRange) ranges.push(["-", "-"]);
    this.push({
      kind: "class",
      negated,
      ranges: ranges.map(([from, to]) => [toByteString(from), toByteString(to)]),
    });
  }
}
