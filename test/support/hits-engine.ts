/**
 * An engine that has searched before it is asked. It is the slowest there is: it looks for every literal at every byte.
 */
import { readFileSync } from "node:fs";
import type { SearchOverrides } from "../../src/cli/commands/search.ts";
import type { GrepEngine } from "../../src/search/index.ts";
import type { Literal, MatcherPlan } from "../../src/search/contracts.ts";

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

/** What opens the engine, and how often it has answered. */
export interface HitsEngine extends SearchOverrides {
  /** Files whose bytes it gave. */
  answered: number;
  /** Of these, files whose hits it gave. */
  listed: number;
}

/** Makes what opens the engine. */
export function hitsEngine(): HitsEngine {
  const told: HitsEngine = {
    answered: 0,
    listed: 0,
    openEngine: async (_args, _context, { plan }) => open(plan),
  };
  const open = (plan: MatcherPlan): GrepEngine => ({
    find(file) {
      let bytes: Buffer;
      try {
        bytes = readFileSync(file.pathBytes ?? file.path);
      } catch {
        return undefined; // the search opens it itself, and tells what is wrong with it
      }
      told.answered++;
      const hits = hitsOf(plan, bytes);
      if (hits === undefined) return { bytes, hits };
      told.listed++;
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
  });
  return told;
}
