/** What a flag is. The table of all flags drives the parser, the help and tests. */
import type { FlagValues } from "./flag-values.ts";

/** The headings of --help, in order. */
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
/** A heading of --help. */
export type Category = (typeof CATEGORIES)[number];

interface FlagBase {
  /** The long name without dashes. */
  long: string;
  short?: string;
  aliases?: readonly string[];
  /** Long name that cancels the flag. */
  negated?: string;
  category: Category;
  /** The sentence for -h. */
  help: string;
  /** The text for --help. */
  details?: string;
}

/** A flag that is on, or off by its negation. */
export interface SwitchFlag extends FlagBase {
  kind: "switch";
  update(flags: FlagValues, on: boolean): void;
}

/** A flag with a value. If it is given again, the last value counts. */
export interface ValueFlag extends FlagBase {
  kind: "value";
  /** The value's name in help. */
  variable: string;
  choices?: readonly string[];
  /** The value may hold bytes that are not UTF-8, as paths may. */
  takesBytes?: true;
  update(flags: FlagValues, value: string): void;
  /** What the negation does. */
  reset?(flags: FlagValues): void;
}

/** A flag with a value that keeps all given values. */
export interface RepeatableFlag extends Omit<ValueFlag, "kind"> {
  kind: "repeatable";
}

/** A flag that asks for something other than a search. */
export interface SpecialFlag extends FlagBase {
  kind: "special";
  update(flags: FlagValues, short: boolean): void;
}

/** A flag of ripgrep that everwarp does not have. To take it back changes nothing, so that is allowed. */
export interface RefusedFlag {
  kind: "refused";
  long: string;
  short?: string;
  negated?: string;
  /** The value's name, where it takes one. */
  variable?: string;
  /** What to do without it: a sentence without its full stop. */
  instead: string;
}

/** A flag of `everwarp search`. */
export type Flag = SwitchFlag | ValueFlag | RepeatableFlag | SpecialFlag;
