/**
 * Limits on modules.
 *
 * Source: "Implementation-defined Limits" of the WebAssembly JavaScript Interface. All engines of browsers have them,
 * so a module that breaks one runs nowhere. Two are our own: the size of a module, as a
 * decoded module takes up to twenty times the room of its binary, and the operands that a body has at once.
 */
export const MAX = {
  moduleBytes: 64 * 1024 * 1024,
  types: 1_000_000,
  functions: 1_000_000,
  imports: 100_000,
  exports: 100_000,
  globals: 1_000_000,
  dataSegments: 100_000,
  elementSegments: 10_000_000,
  tables: 100_000,
  tableElements: 10_000_000,
  memories: 1,
  memoryPages: 65_536,
  parameters: 1_000,
  results: 1_000,
  bodyBytes: 7_654_321,
  locals: 50_000,
  branchTargets: 65_520,
  nameBytes: 100_000,
  operands: 1_000_000,
} as const;
