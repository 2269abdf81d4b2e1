/** The rows of the list: lines with hits below the names of their files, or files alone. */
import type { HitLine, LiveHits } from "../source/index.ts";
import type { LiveState } from "./state.ts";

/** One row of the list. */
export type ListRow =
  /** The name of the file whose lines follow. It cannot be selected. */
  | { readonly kind: "file-name"; readonly line: HitLine }
  | { readonly kind: "line"; readonly line: HitLine }
  /** A file in the list of files, with its hits. `line` is its first line. */
  | { readonly kind: "file"; readonly line: HitLine; readonly hitCount: number };

interface AllRows {
  readonly hits: readonly ListRow[];
  readonly files: readonly ListRow[];
}

const made = new WeakMap<LiveHits, AllRows>();

/** The rows of what was found, in the view that is chosen. */
export function rowsOf({ answer, view }: Pick<LiveState, "answer" | "view">): readonly ListRow[] {
  if (answer === undefined) return [];
  let rows = made.get(answer.hits);
  if (rows === undefined) made.set(answer.hits, (rows = allRows(answer.hits)));
  return rows[view];
}

/** The files of what was found. */
export function fileRows(answer: LiveState["answer"]): readonly ListRow[] {
  return rowsOf({ answer, view: "files" });
}

/** The line that is selected; of a file, its first one. */
export function selectedLine(state: LiveState): HitLine | undefined {
  return rowsOf(state)[state.selected]?.line;
}

function allRows({ lines }: LiveHits): AllRows {
  const hits: ListRow[] = [];
  const files: { kind: "file"; line: HitLine; hitCount: number }[] = [];
  for (const line of lines) {
    const file = files.at(-1);
    if (file?.line.file === line.file) file.hitCount += line.hitCount;
    else {
      files.push({ kind: "file", line, hitCount: line.hitCount });
      hits.push({ kind: "file-name", line });
    }
    hits.push({ kind: "line", line });
  }
  return { hits, files };
}
