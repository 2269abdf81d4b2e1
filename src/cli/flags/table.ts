/** The table of all flags. A flag of ripgrep that everwarp gets later is one more entry. */
import type { Flag } from "./definition.ts";
import { OWN_FLAGS } from "./table-everwarp.ts";
import { FILTER_FLAGS } from "./table-filter.ts";
import { MATCHING_FLAGS } from "./table-matching.ts";
import { INPUT_AND_SEARCH_FLAGS } from "./table-search.ts";
import { INPUT_FLAGS } from "./table-input.ts";
import { OTHER_FLAGS } from "./table-other.ts";
import { OUTPUT_FLAGS } from "./table-output.ts";

/** All flags, in the order of help. */
export const FLAGS: readonly Flag[] = [
  ...INPUT_FLAGS,
  ...INPUT_AND_SEARCH_FLAGS,
  ...MATCHING_FLAGS,
  ...FILTER_FLAGS,
  ...OUTPUT_FLAGS,
  ...OTHER_FLAGS,
  ...OWN_FLAGS,
];
