/** The names of the launch strategies. strategy.ts describes them. */

export const STRATEGY_NAMES = [
  "dispatch",
  "redispatch",
  "batch",
  "leased",
  "continuous",
  "persistent",
  "adaptive",
] as const;

/** The name of a launch strategy. */
export type StrategyName = (typeof STRATEGY_NAMES)[number];
