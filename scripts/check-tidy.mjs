// Holds what can be read at a glance: the length of files and functions, docstrings, the width of lines. What broke a
// rule when the rule came is an exception (exceptions.json), and exceptions may only shrink: `--update` writes smaller
// ones.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readExceptions, writeExceptions } from "./exceptions.mjs";
import { compare, measure, shrink } from "./tidy-rules.mjs";

const found = measure(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
if (process.argv.includes("--update")) {
  const { lists, refusals } = shrink(found, readExceptions());
  writeExceptions(lists);
  for (const refusal of refusals) console.error(`not updated: ${refusal}`);
}
const problems = compare(found, readExceptions());
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
