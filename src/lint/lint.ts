/** Runs the rules on a compiled kernel. */
import { Kernel } from "./analysis/index.ts";
import type { Location } from "./code/index.ts";
import { type Rule, RULES } from "./rules/index.ts";

/** A place where a kernel breaks a rule, with all that a report says of it. */
export interface Finding {
  readonly rule: string;
  readonly severity: Rule["severity"];
  readonly message: string;
  readonly why: string;
  readonly remedy: string;
  /** Undefined where the module has no debug information. */
  readonly location: Location | undefined;
  /** Another place that has to do with it. */
  readonly related: Location | undefined;
}

/**
 * Checks a SPIR-V module. Each place is reported once for a rule, also where a function is called several times.
 *
 * @param severity only rules of this severity are asked, if given
 * @throws EW_BAD_SPIRV for a damaged module, EW_LINT_LIMIT for a kernel that is too large to be analysed
 */
export function lintModule(words: Uint32Array, severity?: Rule["severity"]): Finding[] {
  const kernel = new Kernel(words);
  const findings = RULES.filter((rule) => severity === undefined || rule.severity === severity).flatMap(
    (rule) =>
      rule.check(kernel).map(({ message, location, related }): Finding => ({
        rule: rule.name,
        severity: rule.severity,
        message,
        why: rule.why,
        remedy: rule.remedy,
        location,
        related,
      })),
  );
  const seen = new Set<string>();
  return findings.filter(({ rule, location, message }) => {
    const key = `${rule} ${location?.file ?? ""} ${location?.line ?? message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
