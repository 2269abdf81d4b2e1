/**
 * Looks at what callers give, once, at each public entry: `EW_BAD_ARGUMENT` with the name of the argument, the value
 * and what is allowed.
 *
 *     const threads = wholeNumber("threads", options.threads, 0, 1024);
 *     const options = readOptions("Namespace.open", given, OPTION_CHECKS);
 *
 * The answer is a copy: every option was read once, and its check allows the value.
 *
 * Guarantees: whatever is given, nothing but an EverwarpError is thrown: values are printed without calling anything of
 * theirs, and getters that throw are the cause of the error. `undefined` is "not given". An option with an unknown name
 * is an error that names the one that was meant.
 */
import { EverwarpError } from "./errors.ts";

/**
 * Throws EW_BAD_ARGUMENT where a value is not allowed. It is not asked about `undefined`, unless the argument is
 * required.
 */
export type Check = (name: string, value: unknown) => void;

/** A check for each option: all of them, so that none is forgotten. */
export type OptionChecks<T> = { readonly [K in keyof Required<T>]: Check };

/** Any class, also one whose constructor is private. */
interface Class {
  [Symbol.hasInstance](value: unknown): boolean;
}

const SHOWN_CHARACTERS = 60;
const SHOWN_NAMES = 40;

/** @param allowed as in "it must be …" */
export function badArgument(name: string, value: unknown, allowed: string, cause?: unknown): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `${name} ${isPlural(name) ? "are" : "is"} ${shown(value)}`, {
    remedy: `It must be ${allowed}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

const isPlural = (name: string): boolean => name.startsWith("the options");

/** A value as a short text. Calls no method, getter or proxy trap of the value. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      // The digits of a huge number would take for ever.
      return BigInt.asIntN(128, value) === value ? `the bigint ${value}n` : "a huge bigint";
    case "symbol":
      return `a symbol`;
    case "function":
      return "a function";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return "an array";
      if (ArrayBuffer.isView(value)) return "a typed array";
      return "an object";
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    default: // boolean and undefined
      return String(value);
  }
}

function quoted(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

// One value

/** A whole number from `least` to `most`. @returns the value @throws EW_BAD_ARGUMENT */
export function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  const upTo = most === Number.MAX_SAFE_INTEGER ? ` from ${least} on` : ` from ${least} to ${most}`;
  throw badArgument(name, value, `a whole number${upTo}`);
}

/** A number of milliseconds from 0 on, Infinity included. @returns the value @throws EW_BAD_ARGUMENT */
export function milliseconds(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw badArgument(name, value, "a number of milliseconds, 0 or more");
}

/** Something that a class made. @throws EW_BAD_ARGUMENT */
export function assertInstance(name: string, value: unknown, kind: Class, how: string): void {
  if (!isInstance(value, kind)) throw badArgument(name, value, how);
}

/** `instanceof` asks the prototype of a proxy, which may throw. */
function isInstance(value: unknown, kind: Class): boolean {
  try {
    return kind[Symbol.hasInstance](value);
  } catch {
    return false; // whatever it is: it cannot be used
  }
}

// Checks for tables of options

/**
 * A check for whole numbers.
 *
 * @param least the smallest
 * @param most the largest
 */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Check {
  return (name, value) => void wholeNumber(name, value, least, most);
}

/** A whole number, or Infinity for "no limit". */
export function wholeOrInfinity(least: number): Check {
  return (name, value) => {
    if (value !== Infinity && !(typeof value === "number" && Number.isSafeInteger(value) && value >= least))
      throw badArgument(name, value, `a whole number from ${least} on, or Infinity`);
  };
}

/** A check for milliseconds: a finite number of 0 or more. */
export const duration: Check = (name, value) => void milliseconds(name, value);

/** A number of milliseconds above 0, Infinity included. */
export const positiveDuration: Check = (name, value) => {
  if (!(typeof value === "number" && value > 0))
    throw badArgument(name, value, "a number of milliseconds above 0");
};

/** A check for `true` and `false`. */
export const boolean: Check = (name, value) => {
  if (typeof value !== "boolean") throw badArgument(name, value, "true or false");
};

/** A check for strings, the empty one included. */
export const text: Check = (name, value) => {
  if (typeof value !== "string") throw badArgument(name, value, "a string");
};

/** A string with something in it and without a NUL: a path, a name. */
export const fullText: Check = (name, value) => {
  if (typeof value !== "string" || value === "" || value.includes("\0"))
    throw badArgument(name, value, "a string that is not empty and has no NUL");
};

/** A check for functions. */
export const callback: Check = (name, value) => {
  if (typeof value !== "function") throw badArgument(name, value, "a function");
};

/** A check for `AbortSignal`. */
export const abortSignal: Check = (name, value) => {
  assertInstance(name, value, AbortSignal, "an AbortSignal");
};

/** A check for instances of a class. @param how what the error calls them */
export function instance(kind: Class, how: string): Check {
  return (name, value) => assertInstance(name, value, kind, how);
}

/** A check for one of some values. */
export function oneOf(...allowed: readonly (string | number | boolean)[]): Check {
  const list = allowed.map((each) => (typeof each === "string" ? `"${each}"` : String(each))).join(", ");
  return (name, value) => {
    if (!allowed.includes(value as string)) throw badArgument(name, value, `one of ${list}`);
  };
}

/** One of several kinds of values. @param allowed as in "it must be …" */
export function either(allowed: string, ...checks: readonly Check[]): Check {
  return (name, value) => {
    const isAllowed = checks.some((check) => {
      try {
        check(name, value);
        return true;
      } catch {
        return false; // the next check may allow it; the error below names them all
      }
    });
    if (!isAllowed) throw badArgument(name, value, allowed);
  };
}

/** An array whose elements are all allowed. */
export function listOf(element: Check): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw badArgument(name, value, "an array");
    for (const [index, each] of Array.from(elementsOf(name, value)).entries())
      element(`${name}[${index}]`, each);
  };
}

function elementsOf(name: string, value: readonly unknown[]): readonly unknown[] {
  try {
    return Array.from({ length: value.length }, (_, index) => value[index]);
  } catch (cause) {
    throw badArgument(name, value, "an array whose elements can be read", cause);
  }
}

/** What can be gone through once. @returns the values; what the iteration throws is the caller's own */
export function iterableOf<T>(name: string, value: Iterable<T>, allowed: string): Iterable<T> {
  const given: unknown = value;
  if (
    typeof given !== "object" ||
    given === null ||
    typeof readOf(name, given, Symbol.iterator) !== "function"
  )
    throw badArgument(name, value, allowed);
  return value;
}

/** An object of any keys whose values are all allowed. */
export function recordOf(element: Check, allowed = "an object of names and values"): Check {
  return (name, value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw badArgument(name, value, allowed);
    for (const key of keysOf(name, value, allowed)) element(`${name}.${key}`, readOf(name, value, key));
  };
}

/** Options within options. */
export function nested<T>(checks: OptionChecks<T>): Check {
  return (name, value) => {
    if (value === undefined) throw badArgument(name, value, "an object of options");
    readOptions(name, value, checks);
  };
}

/** What a table of checks cannot say: a rule of its own. @param allowed as in "it must be …" */
export function matching(allowed: string, isAllowed: (value: unknown) => boolean): Check {
  return (name, value) => {
    if (!isAllowed(value)) throw badArgument(name, value, allowed);
  };
}

/** A path of the file system: a string without a NUL. */
export const pathText: Check = (name, value) => {
  if (typeof value !== "string" || value.includes("\0"))
    throw badArgument(name, value, "a string without a NUL");
};

// Options

/**
 * Reads options: each once, and only those that have a check.
 *
 * @param what names them in errors: "the options of SearchEngine.open"
 * @param given what the caller gave; undefined is no options
 * @param required names of options that must be given
 * @returns a plain object of those that are given
 * @throws EW_BAD_ARGUMENT for what is no object, an unknown name, a value that is not allowed, an option that cannot be
 * read
 */
export function readOptions<T>(
  what: string,
  given: unknown,
  checks: OptionChecks<T>,
  ...required: readonly (keyof T & string)[]
): T {
  if (given === undefined && required.length === 0) return {} as T;
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw badArgument(what, given, "an object of options");
  const { names, list } = tableOf(checks);
  const options: Record<string, unknown> = {};
  // What throws beside our own errors is a getter or a proxy: of the options, or of a value that a check looked into.
  let reading: string | undefined;
  try {
    for (const name in given) if (!names.has(name)) throw unknownOption(what, name, [...names.keys()]);
    for (let index = 0; index < list.length; index++) {
      const [name, check] = list[index]!;
      reading = name;
      const value = (given as Record<string, unknown>)[name];
      if (value !== undefined) {
        check(name, value);
        options[name] = value;
      } else if (required.length > 0 && (required as readonly string[]).includes(name)) check(name, value);
    }
  } catch (cause) {
    if (cause instanceof EverwarpError) throw cause;
    throw unreadable(what, reading, cause);
  }
  return options as T;
}

interface CheckTable {
  readonly names: ReadonlyMap<string, Check>;
  readonly list: readonly (readonly [string, Check])[];
}

const tables = new WeakMap<object, CheckTable>();

/** Tables are read again and again: what is made of one is kept. */
function tableOf(checks: object): CheckTable {
  let table = tables.get(checks);
  if (table === undefined) {
    const list = Object.entries(checks as Readonly<Record<string, Check>>);
    table = { names: new Map(list), list };
    tables.set(checks, table);
  }
  return table;
}

function keysOf(what: string, value: object, allowed: string): string[] {
  try {
    return Object.keys(value);
  } catch (cause) {
    throw badArgument(what, value, allowed, cause);
  }
}

function readOf(what: string, value: object, name: string | symbol): unknown {
  try {
    return (value as Record<string | symbol, unknown>)[name];
  } catch (cause) {
    throw unreadable(what, typeof name === "string" ? name : undefined, cause);
  }
}

/** A getter or a proxy that threw. */
export function unreadable(what: string, name: string | undefined, cause: unknown): EverwarpError {
  const subject = name === undefined ? what : `${name} of ${what}`;
  return new EverwarpError("EW_BAD_ARGUMENT", `${subject} cannot be read: what was given threw an error`, {
    remedy: "Give a plain object.",
    cause,
  });
}

function unknownOption(what: string, name: string, known: readonly string[]): EverwarpError {
  const nearest = nearestOf(name, known);
  const list = known.slice(0, SHOWN_NAMES).join(", ");
  return new EverwarpError(
    "EW_BAD_ARGUMENT",
    `${what} ${isPlural(what) ? "have" : "has"} an unknown option ${quoted(name)}`,
    {
      remedy: `${nearest === undefined ? "" : `Was "${nearest}" meant? `}Known are ${list}.`,
    },
  );
}

/** The name that was probably meant: the same but for case, or a third of its letters. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (name.length > SHOWN_CHARACTERS) return undefined;
  const plain = name.toLowerCase();
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const each of known) {
    const distance = editDistance(plain, each.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    nearest = each;
  }
  return nearest;
}

/** Letters to insert, remove or replace (Levenshtein), row by row. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[other.length]!;
}
