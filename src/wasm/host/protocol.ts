/** What the host engine and its threads say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { ValueType } from "../module/index.ts";
import type { HostProgram, PartCall } from "./host-instances.ts";

/** What a thread begins with. */
export interface ThreadData {
  readonly program: HostProgram;
  /** How many instances the thread has. */
  readonly instances: number;
  /** The functions of the host, in the order of the imports. */
  readonly imports: readonly { readonly module: string; readonly name: string }[];
  /** Where the answers of host functions come. */
  readonly answers: MessagePort;
  /** Counts those answers: the thread sleeps until it has changed. */
  readonly answered: Int32Array<SharedArrayBuffer>;
}

/** What a thread is asked for. */
export type ThreadRequest =
  | { readonly kind: "call"; readonly call: PartCall }
  | { readonly kind: "read"; readonly instance: number; readonly offset: number; readonly length: number }
  | { readonly kind: "write"; readonly instance: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "global"; readonly instance: number; readonly index: number; readonly type: ValueType }
  | { readonly kind: "size"; readonly instance: number }
  | { readonly kind: "fill" };

/** What a thread sends. */
export type ThreadMessage =
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: unknown }
  /** A call of a host function: the thread waits for its answer. */
  | { readonly kind: "import"; readonly import: number; readonly args: readonly (number | bigint)[] };

/** The answer of a host function. */
export type ImportAnswer = { readonly value: unknown } | { readonly thrown: string };
