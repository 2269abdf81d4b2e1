/** What the specification's test suite asks of an engine. */
import type { DecodedModule, ValueTypeName } from "../../../src/wasm/module/index.ts";

/** A value, as its bits. A reference is null, a number that the script gave a host object, or some function. */
export type SpecValue =
  | { readonly type: Exclude<ValueTypeName, "funcref" | "externref">; readonly bits: bigint }
  | { readonly type: "funcref" | "externref"; readonly reference: number | "function" | null };

/** An instance of a module. */
export interface SpecInstance {
  /** Calls an export. @throws SpecTrap */
  invoke(name: string, args: readonly SpecValue[]): Promise<readonly SpecValue[]>;
  /** Reads a global that is exported. */
  global(name: string): Promise<SpecValue>;
}

/** An engine for scripts. Each script gets one of its own: instances of a script share what they export. */
export interface SpecEngine {
  /**
   * Makes an instance.
   *
   * @param instances what imports may name, by the name of the module
   * @throws SpecLinkError, SpecTrap
   */
  instantiate(module: DecodedModule, instances: ReadonlyMap<string, SpecInstance>): Promise<SpecInstance>;
  close(): Promise<void>;
}

/** A program trapped. The message is the reason, or several with " or " between them. */
export class SpecTrap extends Error {}

/** Imports do not fit. */
export class SpecLinkError extends Error {}
