/** An answer that is a page of a longer one, and what stands around the page. */
import { cursorAfter, type Page } from "../answer/index.ts";
import { type CommandEnd, messagesOf } from "../command/index.ts";

/**
 * An answer in pages.
 * @param header what is said before the page
 * @param args the arguments of the command, to which the cursor belongs
 * @param end how the command ended
 */
export function pageAnswer(header: string, page: Page, args: readonly string[], end: CommandEnd): string {
  return [
    header,
    ...(page.last === undefined ? [] : ["", page.text]),
    ...(page.isFull && page.last !== undefined ? ["", continuation(cursorAfter(args, page.last))] : []),
    ...troubles(messagesOf(end)),
  ].join("\n");
}

/** The end of a page that is not the last one. */
function continuation(cursor: string): string {
  return (
    `More follows. Narrow the query with paths, globs or types, or continue: ` +
    `the same arguments and cursor: ${JSON.stringify(cursor)}`
  );
}

const MAX_MESSAGES = 5;

/** Messages about files that could not be read, for the end of an answer. */
function troubles(messages: readonly string[]): string[] {
  if (messages.length === 0) return [];
  const more = messages.length - MAX_MESSAGES;
  return [
    "Not read:",
    ...messages.slice(0, MAX_MESSAGES).map((message) => `  ${message}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
