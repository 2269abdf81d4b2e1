/** All flags, in the order of help. A flag of ripgrep that is not here yet is one more entry. */
import type { Flag } from "./definition.ts";
import { FILTER_FLAGS } from "./table-filter.ts";
import { INPUT_AND_SEARCH_FLAGS } from "./table-search.ts";
import { OTHER_FLAGS } from "./table-other.ts";
import { OUTPUT_FLAGS } from "./table-output.ts";

export const FLAGS: readonly Flag[] = [
  ...INPUT_AND_SEARCH_FLAGS,
  ...FILTER_FLAGS,
  ...OUTPUT_FLAGS,
  ...OTHER_FLAGS,
];
