/** Named numbers that host and device share: states, flags, limits. */

import { EverwarpError } from "../base/index.ts";

/** A set of constants. The properties are the values. */
export type Constants<
  V extends Readonly<Record<string, number | bigint>> = Readonly<Record<string, number | bigint>>,
> = Readonly<V>;

/** How a set of constants appears in GLSL. */
export interface ConstantsMeta {
  /** Prefix of the names in GLSL. */
  readonly prefix: string;
  readonly doc: string | undefined;
  /** One sentence per name. */
  readonly docs: Readonly<Record<string, string>>;
}

const metas = new WeakMap<object, ConstantsMeta>();

/**
 * Defines constants: `const Status = constants("STATUS", { EMPTY: 0, READY: 1 })` gives `Status.READY` here and
 * `STATUS_READY` in GLSL. Whole numbers from 0 become `uint`, negative ones `int`, fractions `float`, bigints
 * `uint64_t`.
 *
 * @throws EW_BAD_ARGUMENT for a value that no 32-bit (or, for a bigint, 64-bit) type holds
 */
export function constants<const V extends Readonly<Record<string, number | bigint>>>(
  prefix: string,
  values: V,
  options: { doc?: string; docs?: { readonly [K in keyof V]?: string } } = {},
): Constants<V> {
  for (const [name, value] of Object.entries(values)) glslLiteral(`${prefix}_${name}`, value);
  const frozen = Object.freeze({ ...values });
  metas.set(frozen, { prefix, doc: options.doc, docs: (options.docs ?? {}) as Record<string, string> });
  return frozen;
}

/** Data about a set of constants besides the values; undefined if `constants` did not make the object. */
export function constantsMeta(values: object): ConstantsMeta | undefined {
  return metas.get(values);
}

/** The type and the literal of a value in GLSL. */
export function glslLiteral(name: string, value: number | bigint): { type: string; literal: string } {
  if (typeof value === "bigint") {
    if (value >= 0n && value <= 0xffff_ffff_ffff_ffffn) return { type: "uint64_t", literal: `${value}ul` };
  } else if (Number.isInteger(value)) {
    if (value >= 0 && value <= 0xffff_ffff) return { type: "uint", literal: `${value}u` };
    // The most negative int has no literal: GLSL reads -2147483648 as a minus and a number that is too large.
    if (value > -0x8000_0000 && value < 0) return { type: "int", literal: `${value}` };
    if (value === -0x8000_0000) return { type: "int", literal: "(-2147483647 - 1)" };
  } else if (Number.isFinite(value) && Math.fround(value) === value) {
    return { type: "float", literal: `${value}` };
  }
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    `schema: the constant ${name} = ${value} fits no GLSL type exactly`,
    {
      remedy: "Use a 32-bit integer, an exact 32-bit float, or a bigint of 64 bits.",
    },
  );
}
