/** Calls of the host's functions by instances, and their answers. */

/** A call of the host's function by one instance. */
export interface HostRequest {
  readonly instance: number;
  /** The number that `Store.addHost` gave, in order. */
  readonly host: number;
  /** The first registers of the call: its arguments, and whatever lies behind them. */
  readonly slots: BigUint64Array;
}

/** What the host answers. */
export type HostAnswer =
  | { readonly slots: readonly bigint[] }
  /** A reason of `Trap`. */
  | { readonly trap: number };

/** Answers a batch of calls, in their order. */
export type HostBatch = (requests: readonly HostRequest[]) => Promise<readonly HostAnswer[]>;
