/** What a rule is. */
import type { Kernel } from "../analysis/index.ts";
import type { Location } from "../code/index.ts";

/** A place where a kernel breaks a rule. */
export interface Breach {
  /** What is wrong there, in one sentence. */
  readonly message: string;
  readonly location: Location | undefined;
  /** Another place that has to do with it. */
  readonly related?: Location | undefined;
}

/** A rule for kernels. */
export interface Rule {
  readonly name: string;
  /** A kernel that breaks an error rule is not launched. */
  readonly severity: "error" | "warning";
  /** One sentence: what a kernel must do. */
  readonly summary: string;
  readonly why: string;
  /** How to mend it, in one sentence. */
  readonly remedy: string;
  /** What the rule knows, and when it says nothing. */
  readonly limits: string;
  /** A kernel that breaks the rule, as GLSL without `#version`. */
  readonly bad: string;
  /** The same kernel, mended. */
  readonly good: string;
  check(kernel: Kernel): readonly Breach[];
}
