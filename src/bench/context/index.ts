/** What every case is given, and how it reports. */
export {
  type BenchCase,
  type BenchContext,
  type BenchOptions,
  type RowDetails,
  assertTimeLeft,
  limitsOf,
  reportError,
  reportSamples,
} from "./context.ts";
export { deviceSelection } from "./device-selection.ts";
