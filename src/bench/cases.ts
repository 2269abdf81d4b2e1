/** All cases, in the order in which they run when none is named. */
import type { BenchCase } from "./context.ts";
import { programs } from "./programs.ts";
import { paths } from "./paths.ts";
import { pathsShapes } from "./paths-shapes.ts";
import { RESIDENCY_CASES } from "./residency.ts";
import { roundtrip } from "./roundtrip.ts";
import { searchBurst } from "./search-burst.ts";
import { searchSize } from "./search-size.ts";
import { searchTree } from "./search-tree.ts";
import { searchTyping } from "./search-typing.ts";
import { soak } from "./soak.ts";
import { together } from "./together.ts";
import { startup } from "./startup.ts";

export const CASES: readonly BenchCase[] = [
  roundtrip,
  searchBurst,
  searchTyping,
  searchSize,
  searchTree,
  programs,
  startup,
  together,
  ...RESIDENCY_CASES,
  paths,
  pathsShapes,
  soak,
];
