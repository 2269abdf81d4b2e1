/** Runs the rules on GLSL: compiles it with its lines, and heeds the comments that take a rule away. */
import { EverwarpError } from "../base/index.ts";
import { compileWithLines, type LinedModule, type SourceRequest } from "../programs/index.ts";
import { type Finding, lintModule } from "./lint.ts";
import { RULES } from "./rules/index.ts";

const DISABLE = /\/\/\s*everwarp-disable-next-line\b\s*(\S*)\s*(.*)$/;

/**
 * Checks a kernel in GLSL. A comment `// everwarp-disable-next-line RULE reason` takes a rule away from the line below.
 *
 * @throws EW_COMPILE, EW_PATH_NOT_FOUND, EW_PATH_UNREADABLE, EW_LINT_LIMIT; EW_LINT_REASON for a comment without a
 * reason, or with a rule that does not exist
 */
export async function lintSource(request: SourceRequest): Promise<Finding[]> {
  const module = await compileWithLines(request);
  const disabled = readComments(module);
  return lintModule(module.spirv)
    .filter(({ rule, location }) => location === undefined || disabled.get(location.line)?.has(rule) !== true)
    .map((finding) => {
      const placed = (at: Finding["location"]): Finding["location"] =>
        at === undefined ? undefined : module.locate(at.line);
      return { ...finding, location: placed(finding.location), related: placed(finding.related) };
    });
}

/** The rules that do not hold, by line of the compiled text. */
function readComments({ lines, locate }: LinedModule): ReadonlyMap<number, ReadonlySet<string>> {
  const disabled = new Map<number, Set<string>>();
  lines.forEach((line, index) => {
    const [comment, rule = "", reason = ""] = DISABLE.exec(line) ?? [];
    if (comment === undefined) return;
    const { file, line: number } = locate(index + 1);
    const isKnown = RULES.some(({ name }) => name === rule);
    if (!isKnown || reason.trim() === "") {
      const what = isKnown ? `takes ${rule} away without a reason` : `names no rule: "${rule}"`;
      throw new EverwarpError("EW_LINT_REASON", `${file}:${number}: the comment ${what}`, {
        remedy: "Write // everwarp-disable-next-line RULE and why the rule does not hold there.",
      });
    }
    // Several comments may stand above one line.
    let target = index + 1;
    while (DISABLE.test(lines[target] ?? "")) target++;
    const rules = disabled.get(target + 1) ?? new Set();
    disabled.set(target + 1, rules.add(rule));
  });
  return disabled;
}
