/** The messages of `search --json`: their kinds, and what of them an answer needs. */

/** Text, or bytes that are no UTF-8, as ripgrep writes them. */
type JsonText = { readonly text: string } | { readonly bytes: string };

interface JsonData {
  readonly path: JsonText;
  readonly lines: JsonText;
  readonly line_number: number;
  readonly submatches: readonly { readonly start: number }[];
  readonly binary_offset: number | null;
  readonly stats: { readonly searches: number };
}

/** A line that matches, or one around it. */
export interface LineMessage {
  readonly line: number;
  readonly text: string;
  /** Where in the line the first match begins, in characters. */
  readonly from: number;
}

/** The kinds of messages. */
export type MessageKind = "begin" | "match" | "context" | "end" | "summary";

const PREFIXES: readonly [MessageKind, Buffer][] = (["match", "context", "begin", "end"] as const).map(
  (kind) => [kind, Buffer.from(`{"type":"${kind}"`)],
);

/** The kind of a message. It is told by its first bytes, since most messages are only counted. */
export function kindOf(record: Buffer): MessageKind {
  for (const [kind, prefix] of PREFIXES)
    if (record.length > prefix.length && record.compare(prefix, 0, prefix.length, 0, prefix.length) === 0)
      return kind;
  return "summary"; // the one message whose kind stands at its end
}

/** The path of a message that begins a file, as bytes. */
export function beginOf(record: Buffer): Buffer {
  return bytesOf(dataOf(record).path);
}

/** The line of a message. */
export function lineOf(record: Buffer): LineMessage {
  const { lines, line_number, submatches } = dataOf(record);
  const bytes = bytesOf(lines);
  const from = bytes.toString("utf8", 0, submatches[0]?.start ?? 0).length;
  return { line: line_number, text: bytes.toString("utf8"), from };
}

/** Where the NUL byte is that ended a file's search. Undefined for text. */
export function binaryOffsetOf(record: Buffer): number | undefined {
  return dataOf(record).binary_offset ?? undefined;
}

/** How many files were searched. */
export function searchedFilesOf(record: Buffer): number {
  return dataOf(record).stats.searches;
}

function dataOf(record: Buffer): JsonData {
  return (JSON.parse(record.toString("utf8")) as { data: JsonData }).data;
}

function bytesOf(value: JsonText): Buffer {
  return "text" in value ? Buffer.from(value.text) : Buffer.from(value.bytes, "base64");
}
