/** The state of the screen, and what can happen to it. */
import type { InputEvent } from "../keys/index.ts";
import type { LiveHits, LiveQuery, SourceFacts, TreeChoice } from "../source/index.ts";
import { type History, NO_HISTORY } from "./history.ts";
import { type TextField, textField } from "./text-field.ts";

/** Size of a terminal, in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What was found, and for what. */
export interface Answer {
  readonly query: LiveQuery;
  readonly hits: LiveHits;
  /** All hits of the query; undefined while they are counted. */
  readonly total: number | undefined;
}

/** What is on the screen. Never changed: every event gives a new one. */
export interface LiveState {
  readonly size: ScreenSize;
  readonly pattern: TextField;
  readonly globs: TextField;
  /** Which of the two is typed into. */
  readonly focus: "pattern" | "globs";
  readonly caseMode: LiveQuery["caseMode"];
  readonly isWord: boolean;
  readonly isRegex: boolean;
  readonly isHidden: boolean;
  readonly view: "hits" | "files";
  /** The keys are shown in the place of the list. */
  readonly isHelp: boolean;
  /** What was found last. It stays while the next answer is awaited, and while the pattern is wrong. */
  readonly answer: Answer | undefined;
  /** Index of a row that can be selected. */
  readonly selected: number;
  /** The first row of the list that is on the screen. */
  readonly top: number;
  /** What is wrong with the pattern or the globs. */
  readonly error: string | undefined;
  /** Something to know, until the next key. */
  readonly notice: string | undefined;
  /** What goes on: "loading". */
  readonly progress: string | undefined;
  readonly facts: SourceFacts | undefined;
  readonly history: History;
  /** The last click, for double clicks. */
  readonly lastClick: { readonly row: number; readonly atMs: number } | undefined;
  /** Enter was pressed before the answer was there: its first hit will be taken. */
  readonly isAwaited: boolean;
  /** How it ended; undefined while it goes on. */
  readonly outcome: "chosen" | "left" | undefined;
  /** The process is to be stopped until the shell lets it go on. */
  readonly isSuspended: boolean;
}

/** Something that happens. */
export type LiveEvent =
  | { readonly kind: "input"; readonly input: InputEvent; readonly atMs: number }
  | { readonly kind: "resized"; readonly size: ScreenSize }
  | { readonly kind: "answered"; readonly query: LiveQuery; readonly hits: LiveHits }
  | { readonly kind: "counted"; readonly hits: LiveHits; readonly total: number }
  /** The pattern is wrong, or the search went wrong. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "noticed"; readonly message: string }
  | { readonly kind: "loading" }
  | { readonly kind: "loaded"; readonly facts: SourceFacts | undefined }
  | { readonly kind: "resumed" };

/** What a session begins with. */
export interface InitialState {
  readonly size: ScreenSize;
  readonly pattern?: string;
  readonly history?: readonly string[];
  readonly globs?: string;
  readonly isHidden?: boolean;
}

/** The state of a session that begins. */
export function initialState({
  size,
  pattern,
  history = [],
  globs,
  isHidden = false,
}: InitialState): LiveState {
  return {
    size,
    pattern: textField(pattern),
    globs: textField(globs),
    focus: "pattern",
    caseMode: "smart",
    isWord: false,
    isRegex: true,
    isHidden,
    view: "hits",
    isHelp: false,
    answer: undefined,
    selected: 0,
    top: 0,
    error: undefined,
    notice: undefined,
    progress: undefined,
    facts: undefined,
    history: { ...NO_HISTORY, entries: history, at: history.length },
    lastClick: undefined,
    isAwaited: false,
    outcome: undefined,
    isSuspended: false,
  };
}

/** What the state asks; undefined where nothing was typed. */
export function queryOf({ pattern, caseMode, isWord, isRegex }: LiveState): LiveQuery | undefined {
  return pattern.text === "" ? undefined : { pattern: pattern.text, caseMode, isWord, isRegex };
}

/** Two questions that ask the same. */
export function isSameQuery(a: LiveQuery | undefined, b: LiveQuery | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.pattern === b.pattern && a.isRegex === b.isRegex && a.isWord === b.isWord && a.caseMode === b.caseMode
  );
}

/** The files that the state asks for. */
export function treeOf({ isHidden, globs }: LiveState): TreeChoice {
  return { isHidden, globs: globs.text.split(/\s+/).filter((glob) => glob !== "") };
}
