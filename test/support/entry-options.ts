/** Options that several public functions take: the kind of each. */

export const engineChoice = {
  device: "device",
  strategy: "choice",
  polite: "boolean",
  threads: "whole",
} as const;
export const corpora = { corpus: "instance", corpora: "list", index: "boolean" } as const;
export const lookup = { directory: "u32", followSymlinks: "boolean" } as const;
export const lookupCall = { ...lookup, timeoutMs: "duration", signal: "instance" } as const;
export const batch = { ...lookupCall, oversize: "choice" } as const;
export const kernelOptions = {
  includeRoots: "list",
  request: "instance",
  response: "instance",
  state: "record",
  device: "device",
  strategy: "choice",
  polite: "boolean",
  workgroups: "whole",
  workgroupSize: "whole",
  maxInFlight: "whole",
  maxPending: "whole",
  leaseMs: "duration",
  idle: "options",
  dutyCycle: "share",
  maxTraceEntries: "whole",
  checkpoint: "options",
  hangTimeoutMs: "duration",
  maxAttempts: "whole",
  label: "text",
} as const;
export const deviceOptions = {
  select: "device",
  allowSoftware: "boolean",
  validation: "boolean",
  memoryTypes: "options",
  driverCache: "boolean",
  queuesToLease: "whole",
} as const;
export const programRequest = {
  defines: "record",
  virtualFiles: "record",
  includeRoots: "list",
  constants: "record",
  specialization: "record",
  entryPoint: "text",
  label: "text",
  variants: "list",
} as const;
