/** The list of cases. */
import type { BenchCase } from "./context/index.ts";
import { lint } from "./lint/index.ts";
import { daemonLoad } from "./daemon/index.ts";
import { programs } from "./programs/index.ts";
import { paths, pathsShapes } from "./paths/index.ts";
import { RESIDENCY_CASES, roundtrip } from "./residency/index.ts";
import {
  searchBurst,
  searchLines,
  searchQueries,
  searchSize,
  searchTree,
  searchTyping,
} from "./search/index.ts";
import { soak } from "./soak/index.ts";
import { together } from "./together/index.ts";
import { startup } from "./processes/index.ts";
import { WASM_CASES } from "./wasm/index.ts";

/** All cases, in the order in which they run if none is named. */
export const CASES: readonly BenchCase[] = [
  roundtrip,
  searchBurst,
  searchTyping,
  searchLines,
  searchSize,
  searchTree,
  searchQueries,
  programs,
  lint,
  ...WASM_CASES,
  startup,
  together,
  ...RESIDENCY_CASES,
  paths,
  pathsShapes,
  daemonLoad,
  soak,
];
