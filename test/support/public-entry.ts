/** Public functions in tables: what each is called with. */
import type { Kind } from "./bad-values.ts";

/** A function of the package. */
export interface Entry {
  /** The export that it belongs to. */
  readonly of: string;
  readonly name: string;
  /** Calls it with everything right but these. */
  readonly call: (given: unknown) => unknown;
}
/** An argument of its own. */
export interface ArgumentEntry extends Entry {
  readonly kind: Kind;
}
/** An object of options: the name and the kind of each. */
export interface OptionsEntry extends Entry {
  readonly options: Readonly<Record<string, Kind>>;
  /** Those that must be there. */
  readonly needed?: Readonly<Record<string, unknown>>;
}

/** An argument of its own. */
export const argument = (
  of: string,
  name: string,
  kind: Kind,
  call: (given: unknown) => unknown,
): ArgumentEntry => ({ of, name, kind, call });
