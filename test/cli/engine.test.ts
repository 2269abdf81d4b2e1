/**
 * An engine that has already searched: files come from its memory and lines from its hits, and the output is still ripgrep's.
 * The engine here is the slowest there is: it looks for every literal at every byte.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { SearchOverrides } from "../../src/cli/commands/search.ts";
import type { GrepEngine } from "../../src/search/index.ts";
import type { Literal, MatcherPlan } from "../../src/search/contracts.ts";
import { createMatcher } from "../../src/search/matcher/index.ts";
import { difference } from "../support/cli.ts";
import { randomArguments, randomTree } from "../support/cli-random.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertySeed } from "../support/property-runs.ts";

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function occursAt(bytes: Buffer, at: number, { bytes: wanted, ignoreAsciiCase }: Literal): boolean {
  if (at + wanted.length > bytes.length) return false;
  return wanted.every((byte, index) => {
    const found = bytes[at + index] as number;
    return (ignoreAsciiCase ? lower(found) : found) === byte;
  });
}

/** Offsets of all literals, or undefined where the plan does not hold for these bytes. */
function hitsOf(plan: MatcherPlan, bytes: Buffer): { offsets: number[]; exact: boolean } | undefined {
  if (plan.kind === "nothing") return { offsets: [], exact: true };
  if (plan.kind === "whole") return undefined;
  if (plan.foldExceptions.some((exception) => bytes.includes(Buffer.from(exception)))) return undefined;
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at++)
    if (plan.literals.some((literal) => occursAt(bytes, at, literal))) offsets.push(at);
  return { offsets, exact: plan.kind === "literals" };
}

let answered = 0;
let listed = 0;

const overrides: SearchOverrides = {
  async openEngine(args): Promise<GrepEngine> {
    const { plan } = createMatcher(args.searcher.matcher);
    return {
      find(file) {
        let bytes: Buffer;
        try {
          bytes = readFileSync(file.pathBytes ?? file.path);
        } catch {
          return undefined; // the search opens it itself, and tells what is wrong with it
        }
        answered++;
        const hits = hitsOf(plan, bytes);
        if (hits === undefined) return { bytes, hits };
        listed++;
        return {
          bytes,
          hits: {
            offsets: Float64Array.from(hits.offsets),
            from: 0,
            to: hits.offsets.length,
            exact: hits.exact,
          },
        };
      },
      report: () => undefined,
    };
  },
};

const FIRST_SEED = propertySeed();

it.each(Array.from({ length: 8 }, (_, index) => FIRST_SEED + index))("seed %d", async (seed) => {
  const random = new Random(seed);
  const dir = randomTree(random);
  const differences: string[] = [];
  for (let count = 0; count < 40; count++) {
    const found = await difference(dir, randomArguments(random), {}, overrides);
    if (found !== undefined) differences.push(`${dir.path}: ${found}`);
  }
  expect(differences.join("\n\n")).toBe("");
  dir.remove();
});

it("answered most files from hits", () => {
  expect(answered).toBeGreaterThan(1000);
  expect(listed).toBeGreaterThan(answered / 3);
});
