/** Who is asked where a device and the host's threads hold the same corpus. */
import { describe, expect, it } from "vitest";
import type { EngineCorpus } from "./engine-corpus.ts";
import { prepareQuery, type Query } from "./query.ts";
import { type Route, type RouteRequest, routeOf } from "./route.ts";

interface Held {
  readonly contentBytes?: number;
  readonly hasCopy?: boolean;
  readonly isCopyLost?: boolean;
  readonly hasMarks?: boolean;
  /** The device has bit planes. */
  readonly hasPlanes?: boolean;
  readonly isBusy?: boolean;
  /** The query has matched too many lines before. */
  readonly hasManyLines?: boolean;
}

const copy = (isLost: boolean): EngineCorpus => ({ backend: { isLost } }) as unknown as EngineCorpus;

function corpusOf({
  contentBytes = 1e6,
  hasCopy = true,
  isCopyLost = false,
  hasMarks = false,
  hasPlanes = false,
  isBusy = false,
  hasManyLines = false,
}: Held): EngineCorpus {
  return {
    backend: { planesPayFrom: 1 << 20, canCountLines: () => hasPlanes },
    isBusy,
    manyLines: { has: () => hasManyLines },
    copy: hasCopy ? copy(isCopyLost) : undefined,
    streamed: [],
    hasMarks,
    hasNoneOf: () => false,
    loaded: { placement: { stats: { contentBytes } } },
  } as unknown as EngineCorpus;
}

/** Who is asked for a query, and whether the device may say that there are too many hits. */
function route(query: Query, held: Held = {}, request: Partial<RouteRequest> = {}): string {
  const corpus = corpusOf(held);
  const asked = {
    query: prepareQuery(query),
    isCountOnly: false,
    maxHits: Infinity,
    threads: 4,
    hadTooManyHits: false,
    ...request,
  };
  const chosen: Route = routeOf(corpus, asked);
  const who = chosen.corpus === corpus ? "device" : "threads";
  if (chosen.prepared.plan.kind === "lines") return `${who}, planes`;
  return chosen.tooManyHits === undefined ? who : `${who}, few`;
}

const text: Query = { pattern: "needle" };
const regex: Query = { pattern: String.raw`needle \d+` };
/** It has no automaton. */
const large: Query = { pattern: "[ab]*a[ab]{20}" };

const planes: Held = { contentBytes: 5e6, hasPlanes: true };

describe("a query", () => {
  it.each<[string, Query, Held, Partial<RouteRequest>]>([
    ["device, few", text, {}, {}],
    ["device, few", { ...text, ignoreCase: true }, {}, {}],
    ["device", text, {}, { isCountOnly: true }],
    ["device", text, { hasMarks: true }, { isCountOnly: true }],
    ["device", text, {}, { maxHits: 10 }],
    ["device, few", text, {}, { maxHits: 1e6 }],
    // Some occurrences may be no hits: of "aa" in "aaa", of U+FEFF in a mark, and where letters fold beyond ASCII.
    ["device, few", { pattern: "aa" }, {}, { isCountOnly: true }],
    ["device, few", { pattern: "\ufeff" }, { hasMarks: true }, { isCountOnly: true }],
    ["device, few", { pattern: "kiss", ignoreCase: true }, {}, { maxHits: 10 }],
    ["threads", text, {}, { hadTooManyHits: true }],
    ["threads", regex, {}, {}],
    ["threads", regex, {}, { isCountOnly: true }],
    ["device, few", regex, { contentBytes: 2 ** 31 }, {}],
    ["threads", regex, { contentBytes: 2 ** 31 }, { threads: 16 }],
    ["threads", regex, { contentBytes: 2 ** 31 }, { hadTooManyHits: true }],
    ["threads", large, { contentBytes: 2 ** 40 }, {}],
    ["device, planes", regex, planes, {}],
    ["device, planes", large, planes, { isCountOnly: true }],
    ["device, few", text, planes, {}],
    ["threads", regex, { ...planes, contentBytes: 1e6 }, {}],
    ["threads", regex, planes, { hadTooManyHits: true }],
    ["threads", regex, { ...planes, hasManyLines: true }, {}],
    ["device, planes", { pattern: "^needle" }, planes, {}],
    ["threads", { pattern: "^needle" }, { ...planes, hasMarks: true }, {}],
    // It has no program.
    ["threads", { pattern: "^$" }, planes, {}],
    // The device makes something ready.
    ["threads", text, { isBusy: true }, {}],
    ["threads", regex, { ...planes, isBusy: true }, {}],
  ])("goes to the %s: %j, %j, %j", (expected, query, held, request) => {
    expect(route(query, held, request)).toBe(expected);
  });

  it.each<Held>([{ hasCopy: false }, { isCopyLost: true }])(
    "goes to the device where it is alone: %j",
    (held) => {
      for (const query of [text, regex, large])
        for (const hadTooManyHits of [false, true])
          expect(route(query, held, { hadTooManyHits })).toBe("device");
    },
  );
});
