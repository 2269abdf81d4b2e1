/** The text of a line in an answer. */

/**
 * A line without its end, and not longer than allowed: a minified file would fill a page with one line.
 * @param from where in the line the interesting part begins, in characters. What is shown includes it
 */
export function clippedLine(line: string, maxChars: number, from = 0): string {
  const text = line.replace(/\r?\n$/, "");
  if (text.length <= maxChars) return text;
  // Some text before the match, so that one sees what it is a part of.
  const begin = from < maxChars / 2 ? 0 : Math.min(from - Math.floor(maxChars / 4), text.length - maxChars);
  const end = begin + maxChars;
  const before = begin === 0 ? "" : `[… ${begin} characters] `;
  const after = end === text.length ? "" : ` [… ${text.length - end} characters]`;
  return `${before}${text.slice(begin, end)}${after}`;
}
