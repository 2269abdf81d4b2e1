/** What a flag is. The table of all of them drives parsing, help and tests. */
import type { FlagValues } from "./flag-values.ts";

export const CATEGORIES = [
  "input",
  "search",
  "filter",
  "output",
  "output modes",
  "logging",
  "other behaviors",
  "everwarp",
] as const;
export type Category = (typeof CATEGORIES)[number];

interface FlagBase {
  /** Without dashes. */
  long: string;
  short?: string;
  aliases?: readonly string[];
  /** Long name that takes the flag back. */
  negated?: string;
  category: Category;
  /** One sentence for -h. */
  help: string;
  /** More for --help. */
  details?: string;
}

/** On, or (by its negation) off. */
export interface SwitchFlag extends FlagBase {
  kind: "switch";
  update(flags: FlagValues, on: boolean): void;
}

/** Takes a value; given again, the last one wins. */
export interface ValueFlag extends FlagBase {
  kind: "value";
  /** The value's name in help. */
  variable: string;
  choices?: readonly string[];
  update(flags: FlagValues, value: string): void;
  /** What the negation does. */
  reset?(flags: FlagValues): void;
}

/** Takes a value and keeps all that are given. */
export interface RepeatableFlag extends Omit<ValueFlag, "kind"> {
  kind: "repeatable";
}

/** Asks for something else than a search. */
export interface SpecialFlag extends FlagBase {
  kind: "special";
  update(flags: FlagValues, short: boolean): void;
}

export type Flag = SwitchFlag | ValueFlag | RepeatableFlag | SpecialFlag;
