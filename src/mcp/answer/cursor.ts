/**
 * Cursors: where the next page of an answer begins.
 *
 * A cursor names the last result of a page, not a number of results. So the next page is right although files changed
 * in between: it has what comes after that place now.
 */
import { createHash } from "node:crypto";
import { EverwarpError } from "../../base/index.ts";
import type { Position } from "./order.ts";

/** Which query a cursor belongs to: everything that decides which results there are and in which order. */
export type Cursor = readonly string[];

const MARK_LENGTH = 8;

/** The cursor of the page that begins after a result. */
export function cursorAfter(query: Cursor, { path, line }: Position): string {
  return markOf(query) + Buffer.from(`${line}/${path}`, "latin1").toString("base64url");
}

/**
 * Where a page begins.
 * @throws EW_BAD_ARGUMENT for anything that is no cursor of this query
 */
export function readCursor(query: Cursor, cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor.slice(MARK_LENGTH), "base64url").toString("latin1");
  const [, line, path] = /^(\d{1,15})\/([^]+)$/.exec(text) ?? [];
  if (line !== undefined && path !== undefined && cursor.startsWith(markOf(query)))
    return { line: Number(line), path };
  const shown = cursor.length > 60 ? `${cursor.slice(0, 60)}…` : cursor;
  throw new EverwarpError("EW_BAD_ARGUMENT", `the cursor ${JSON.stringify(shown)} is none of this query`, {
    remedy: "Repeat all arguments of the call that gave the cursor. Leave the cursor out to begin anew.",
  });
}

function markOf(query: Cursor): string {
  return createHash("sha256").update(JSON.stringify(query)).digest("base64url").slice(0, MARK_LENGTH);
}
