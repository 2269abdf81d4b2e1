/** Facts about patterns that follow from their text, without the regex engine. */

/** The characters with a special meaning in a pattern (regex-syntax's `is_meta_character`). */
const META = /[\\.+*?()|[\]{}^$#&\-~]/;

/** True if every character of a pattern stands for itself. */
export const isText = (pattern: string): boolean => !META.test(pattern);

/** The text of a pattern that is plain text (`foo`, `a\\.b`), or undefined. */
export function plainText(pattern: string): string | undefined {
  if (isText(pattern)) return pattern;
  const isEscapedText = /^(?:[^\\.+*?()|[\]{}^$#&\-~]|\\[\\.+*?()|[\]{}^$#&\-~/])*$/.test(pattern);
  return isEscapedText ? pattern.replace(/\\(.)/g, "$1") : undefined;
}

/** The pattern that matches exactly `text`. */
export const escapePattern = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$#&\-~]/g, "\\$&");

/** The alternation of all patterns, in order, as ripgrep writes it and quotes it in messages. */
export const joinPatterns = (patterns: readonly string[]): string =>
  patterns.map((pattern) => `(?:${pattern})`).join("|");

/**
 * Whether `-S` ignores case for a pattern: it does if the pattern has some literal character and none is
 * upper case.
 * Escapes for classes (`\S`, `\pL`), group names and flags are not literal characters. `\x41`, `\n` and the
 * members of `[A-z]` are.
 */
export function smartCaseIgnores(pattern: string): boolean {
  let anyLiteral = false;
  for (const character of literalCharacters(pattern)) {
    anyLiteral = true;
    if (/\p{Uppercase}/u.test(character)) return false;
  }
  return anyLiteral;
}

/** One token of a pattern: an escape, the opening of a group, a POSIX class, a counted repetition, or one character. */
export const TOKEN = new RegExp(
  [
    String.raw`\\(?:[xuU]\{(?<braced>[0-9A-Fa-f ]+)\}|x(?<hex2>[0-9A-Fa-f]{2})|u(?<hex4>[0-9A-Fa-f]{4})|U(?<hex8>[0-9A-Fa-f]{8}))`,
    String.raw`\\[pP](?:\{[^}]*\}|.)`, // a Unicode class
    String.raw`\\b\{[^}]*\}`, // a word boundary by name
    String.raw`\\[dDsSwWbBAz<>]`, // classes and assertions
    String.raw`\\(?<escaped>.)`,
    String.raw`\(\?(?:P?<[^>]*>|[A-Za-z-]*[:)])`, // a group's name or flags
    String.raw`\[:\^?[a-z]+:\]`,
    String.raw`(?<class>\[\^?\]?)`,
    String.raw`\{[0-9, ]*\}`,
    String.raw`(?<single>.)`,
  ].join("|"),
  "suy",
);

/**
 * Every literal character of a pattern that parses. For a pattern that does not parse, the result has no
 * meaning.
 */
function* literalCharacters(pattern: string): Generator<string> {
  let classDepth = 0;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(pattern); found !== null; found = TOKEN.exec(pattern)) {
    const end = TOKEN.lastIndex; // the generator may be left and entered again between two tokens
    const {
      braced,
      hex2,
      hex4,
      hex8,
      escaped,
      class: opening,
      single,
    } = found.groups as Record<string, string>;
    const hex = braced ?? hex2 ?? hex4 ?? hex8;
    if (hex !== undefined) {
      const code = Number.parseInt(hex, 16);
      if (code <= 0x10ffff) yield String.fromCodePoint(code);
    } else if (escaped !== undefined) yield escaped;
    else if (opening !== undefined) {
      classDepth++;
      if (opening.endsWith("]")) yield "]";
    } else if (single !== undefined) {
      if (classDepth > 0) {
        if (single === "]") classDepth--;
        else if (single !== "-" && single !== "&" && single !== "~") yield single;
      } else if (!META.test(single) || single === "-" || single === "&" || single === "~" || single === "]")
        yield single;
    }
    TOKEN.lastIndex = end;
  }
}

/** A class escape inside a pattern, and the private-use characters that replace it (see `abridge`). */
export interface StandIn {
  /** `\\w`, `\\W`, `\\s`, `\\S`, `\\d` or `\\D` */
  escape: string;
  /** First and last code point. */
  range: readonly [number, number];
}

/** So far apart that the parser does not join two of them, and more characters than are ever spelled out. */
export const STAND_INS: readonly StandIn[] = Array.from("wWsSdD", (letter, i) => {
  const from = 0xf0000 + i * 0x200;
  return { escape: `\\${letter}`, range: [from, from + 0xff] };
});

const SIMPLE_CLASS = /\[(?![\^\]])(?:[^[\]\\&~-]|-(?!-)|\\.)*\]/suy;

/**
 * The pattern with private-use characters in the place of `\\w` and the like. In Unicode, those are lists of
 * hundreds of ranges, which take long to parse.
 * An escape stays where it may be negated or intersected, and everywhere if the pattern switches Unicode off.
 * Each class is put into a capture group. Else the parser would join it with its neighbours in an alternation
 * (`\\w|.`), and the characters of one could disappear in the other.
 */
export function abridge(pattern: string): string {
  if (/\(\?[A-Za-z]*-[A-Za-z]*u/.test(pattern)) return pattern;
  let abridged = "";
  let classDepth = 0;
  for (let at = 0; at < pattern.length;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(pattern);
    if (token === null) return pattern;
    let text = token[0];
    SIMPLE_CLASS.lastIndex = at;
    const simpleClass = classDepth === 0 && text === "[" ? SIMPLE_CLASS.exec(pattern) : null;
    if (simpleClass !== null) {
      text = simpleClass[0];
      abridged += `(${text.replace(/\\(.)/gsu, (escape) => standInFor(escape) ?? escape)})`;
    } else {
      if (token.groups?.["class"] !== undefined) classDepth++;
      else if (text === "]" && classDepth > 0) classDepth--;
      const standIn = classDepth === 0 ? standInFor(text) : undefined;
      abridged += standIn === undefined ? text : `([${standIn}])`;
    }
    at += text.length;
  }
  return abridged;
}

function standInFor(escape: string): string | undefined {
  const range = STAND_INS.find((standIn) => standIn.escape === escape)?.range;
  return range?.map((code) => `\\x{${code.toString(16)}}`).join("-");
}
