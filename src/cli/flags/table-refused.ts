/** Flags of ripgrep that everwarp does not have. The error about them says so. */
import { EverwarpError } from "../../base/index.ts";
import type { RefusedFlag } from "./definition.ts";

const NO_PCRE2 = "PCRE2 is not part of everwarp. The default engine has no look-around and no backreferences";

/** The flags that are refused. Their negations are accepted. */
export const REFUSED_FLAGS: readonly RefusedFlag[] = [
  { kind: "refused", long: "pcre2", short: "P", negated: "no-pcre2", instead: NO_PCRE2 },
  { kind: "refused", long: "pcre2-version", instead: NO_PCRE2 },
];

/** The error EW_UNKNOWN_FLAG about a flag that is refused. @param name as the user typed it, with its dashes */
export function refusal(name: string, instead: string): EverwarpError {
  return new EverwarpError("EW_UNKNOWN_FLAG", `unrecognized flag ${name}`, { remedy: instead });
}

/** The error EW_BAD_FLAG_VALUE about --engine=pcre2, which is -P by another name. */
export function pcre2Refusal(): EverwarpError {
  return new EverwarpError("EW_BAD_FLAG_VALUE", "there is no such engine", { remedy: NO_PCRE2 });
}
