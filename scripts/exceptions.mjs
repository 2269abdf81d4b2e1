// The exceptions of the checks: what broke a rule when the rule came. Lists may only shrink.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "exceptions.json");

/** All lists of exceptions, by the name of their rule. */
export const readExceptions = () => JSON.parse(readFileSync(file, "utf8"));

/** Writes some of the lists again; the others stay. */
export function writeExceptions(lists) {
  const all = { ...readExceptions(), ...lists };
  const sorted = Object.entries(all).map(([rule, list]) => [
    rule,
    Array.isArray(list) ? [...list].sort(byName) : sortKeys(list),
  ]);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
}

const byName = (a, b) => (a < b ? -1 : 1);
const sortKeys = (list) => Object.fromEntries(Object.entries(list).sort(([a], [b]) => byName(a, b)));
