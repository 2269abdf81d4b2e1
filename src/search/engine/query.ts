/**
 * What a caller asks, and what is known about it from its text alone.
 *
 * People type a word key by key, and tools repeat their queries. So a prepared query is kept. Most queries are plain
 * ASCII text. Such text is read in one pass over its letters, without a matcher, a regex engine or a scanner.
 */
import { EverwarpError } from "../../base/index.ts";
import { compileAutomaton } from "../automaton/index.ts";
import { compileFilter } from "../bitstream/index.ts";
import type { Corpus } from "../corpus/index.ts";
import type { Matcher, Plan } from "../contracts.ts";
import { createLiteralScanner } from "../scanner/index.ts";
import {
  createMatcher,
  exceptionLiterals,
  foldExceptionsOf,
  syntaxOf,
  syntaxOfPatterns,
} from "../matcher/index.ts";
import { compilePlanes, type PlanesAnswer } from "../planes/index.ts";
import type { SharedMatcherOptions } from "../verifier/index.ts";
import { PreparedPlan } from "./prepared-plan.ts";

/** One question. Every field but `pattern` may be left out. */
export interface Query {
  /** A pattern in ripgrep's dialect, or several: what one of them matches is a hit. */
  readonly pattern: string | readonly string[];
  /** Patterns stand for their own text. */
  readonly fixedStrings?: boolean;
  readonly ignoreCase?: boolean;
  /** Ignores case where no pattern has an upper-case letter. */
  readonly smartCase?: boolean;
  /** Hits are whole words. */
  readonly wordRegexp?: boolean;
  /** Hits are whole lines; wins over `wordRegexp`. */
  readonly lineRegexp?: boolean;
  /** Which of the engine's corpora; default: the first one. */
  readonly corpus?: Corpus;
  /** So many hits are enough; which ones of more is not defined. Default: all. */
  readonly maxHits?: number;
  /** False: lines and columns will hardly be asked for, so they are found only then. Default true. */
  readonly locate?: boolean;
}

const MARKED: PlanesAnswer = {
  whyNot: "the pattern asks where lines begin, and some files begin with a byte order mark",
};

/** A query without its corpus and limits. */
export class PreparedQuery {
  /** For threads that make a matcher of their own. */
  readonly matcherOptions: SharedMatcherOptions;
  #matcher: Matcher | undefined;
  #prepared: PreparedPlan | undefined;
  #planes: PlanesAnswer | undefined;
  #lines: PreparedPlan | undefined;

  /** @param plan what is known without a matcher */
  constructor(plan: Plan | undefined, matcherOptions: SharedMatcherOptions) {
    this.matcherOptions = matcherOptions;
    if (plan !== undefined) this.#prepared = new PreparedPlan(plan);
  }

  /** Made when first needed: lines are counted without it. @throws EW_BAD_PATTERN */
  get prepared(): PreparedPlan {
    return (this.#prepared ??= prepareMatcher(this.matcher));
  }

  /** The program that finds lines; made when first needed. */
  get planes(): PlanesAnswer {
    return (this.#planes ??= planesOf(this.matcherOptions));
  }

  /** As `planes`, for a corpus of which some files begin with a byte order mark, or none does. */
  planesFor({ hasMarks }: { readonly hasMarks: boolean }): PlanesAnswer {
    return hasMarks && this.planes.program?.seesLineStart === true ? MARKED : this.planes;
  }

  /** The plan by that program; undefined where there is none. */
  get lines(): PreparedPlan | undefined {
    const { program } = this.planes;
    return (this.#lines ??= program && new PreparedPlan({ kind: "lines", program }));
  }

  get plan(): Plan {
    return this.prepared.plan;
  }

  /** Decides exactly; made when first needed. @throws EW_BAD_PATTERN */
  get matcher(): Matcher {
    return (this.#matcher ??= createMatcher({
      ...this.matcherOptions,
      createScanner: createLiteralScanner,
    }));
  }
}

/** A bad pattern has no program; the search for it tells what is wrong. */
function planesOf(options: SharedMatcherOptions): PlanesAnswer {
  const syntax = syntaxOfPatterns(options);
  return syntax === undefined ? { whyNot: "the pattern cannot be read" } : compilePlanes(syntax);
}

/** An automaton decides by itself where the literals of a matcher do not. */
function prepareMatcher(matcher: Matcher): PreparedPlan {
  const { plan } = matcher;
  if (plan.kind === "literals" || plan.kind === "nothing") return new PreparedPlan(plan);
  const syntax = syntaxOf(matcher);
  const automaton = syntax && compileAutomaton(syntax);
  if (syntax === undefined || automaton === undefined) return new PreparedPlan(plan);
  const required =
    plan.kind === "filter" ? [...plan.literals, ...exceptionLiterals(plan.foldExceptions)] : [];
  return new PreparedPlan({ kind: "automaton", automaton, required, filter: compileFilter(syntax) }, plan);
}

/** Queries kept, at least so many of those asked last. */
const KEPT_QUERIES = 512;

/** Keeps what was made of queries, the ones asked last. */
export class QueryCache {
  #young = new Map<string, PreparedQuery>();
  #old = new Map<string, PreparedQuery>();

  /** Keeps nothing. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  /** @throws EW_BAD_PATTERN */
  prepare(query: Query): PreparedQuery {
    const key = keyOf(query);
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const prepared = this.#old.get(key) ?? prepareQuery(query);
    if (this.#young.size >= KEPT_QUERIES) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, prepared);
    return prepared;
  }
}

function keyOf(query: Query): string {
  const flags =
    (query.fixedStrings === true ? 1 : 0) |
    (query.ignoreCase === true ? 2 : 0) |
    (query.smartCase === true ? 4 : 0) |
    (query.wordRegexp === true ? 8 : 0) |
    (query.lineRegexp === true ? 16 : 0);
  const { pattern } = query;
  return typeof pattern === "string" ? flags + pattern : `*${flags}${JSON.stringify(pattern)}`;
}

/** @throws EW_BAD_PATTERN, EW_BAD_ARGUMENT for what is no pattern at all */
export function prepareQuery(query: Query): PreparedQuery {
  const patterns = typeof query.pattern === "string" ? [query.pattern] : query.pattern;
  if (!Array.isArray(patterns) || !patterns.every((pattern) => typeof pattern === "string")) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `the pattern of a query is of the type ${typeof query.pattern}`,
      {
        remedy: "Give a string, or an array of strings.",
      },
    );
  }
  const caseMode =
    query.ignoreCase === true ? "insensitive" : query.smartCase === true ? "smart" : "sensitive";
  return new PreparedQuery(plainPlan(query), {
    patterns,
    fixedStrings: query.fixedStrings === true,
    caseMode,
    wordRegexp: query.wordRegexp === true,
    lineRegexp: query.lineRegexp === true,
  });
}

const PLAIN = 1;
const UPPER = 2;
const META = 4;
/** What each ASCII character is in a pattern; 0: not for the short way. */
const CHARACTERS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (code === 0 || code === 10) return 0;
  if (/[\\.+*?()|[\]{}^$]/.test(character)) return META; // # & - ~ mean something only beside one of these
  return code >= 0x41 && code <= 0x5a ? PLAIN | UPPER : PLAIN;
});

/** The plan of one plain ASCII text; undefined for everything else. Says what `createMatcher` would say. */
function plainPlan(query: Query): Plan | undefined {
  const text = query.pattern;
  if (typeof text !== "string" || text === "" || query.wordRegexp === true || query.lineRegexp === true)
    return undefined;
  const allowed = query.fixedStrings === true ? PLAIN | META : PLAIN;
  const bytes = new Uint8Array(text.length);
  let seen = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (CHARACTERS[code] as number) : 0;
    if ((kind & allowed) === 0) return undefined;
    seen |= kind;
    bytes[at] = code;
  }
  const isFolded = query.ignoreCase === true || (query.smartCase === true && (seen & UPPER) === 0);
  if (!isFolded)
    return { kind: "literals", literals: [{ bytes, ignoreAsciiCase: false }], foldExceptions: [] };
  let ignoreAsciiCase = false;
  let hasFarFold = false; // k or s, which letters beyond ASCII fold to
  for (let at = 0; at < bytes.length; at++) {
    const lower = (bytes[at] as number) | 0x20;
    if (lower < 0x61 || lower > 0x7a) continue;
    ignoreAsciiCase = true;
    if (lower === 0x6b || lower === 0x73) hasFarFold = true;
    bytes[at] = lower;
  }
  return {
    kind: "literals",
    literals: [{ bytes, ignoreAsciiCase }],
    foldExceptions: hasFarFold ? foldExceptionsOf(text) : [],
  };
}
