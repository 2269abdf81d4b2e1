/**
 * Checks whether a value from JSON has the shape that a type promises. Nothing from a file is used before this check: a
 * file may come from another version, another user or a damaged disk.
 */

/** Tells whether a value from a file has the expected form. */
export type Shape = (value: unknown) => boolean;

/** The value is a string. */
export const isText: Shape = (value) => typeof value === "string";
/** The value is `true` or `false`. */
export const isBoolean: Shape = (value) => typeof value === "boolean";
/** A finite number, 0 or more: averages, times, sizes. */
export const isAmount: Shape = (value) => Number.isFinite(value) && (value as number) >= 0;
/** A whole number, 0 or more. */
export const isCount: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** The value is one of these values. */
export function isOneOf(...values: readonly unknown[]): Shape {
  return (value) => values.includes(value);
}

/** The value is missing, or has a shape. */
export function isOptional(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

/** The value is a list whose elements have a shape. @param lengthMax elements at most */
export function isListOf(shape: Shape, lengthMax = Infinity): Shape {
  return (value) => Array.isArray(value) && value.length <= lengthMax && value.every(shape);
}

/** An object used as a map. */
export function isMapOf(shape: Shape): Shape {
  return (value) => isRecord(value) && Object.values(value).every(shape);
}

/** An object with these fields; others are ignored. */
export function isObject(fields: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.entries(fields);
  return (value) => isRecord(value) && shapes.every(([name, shape]) => shape(fieldOf(value, name)));
}

/** An own field. Inherited properties such as "constructor" do not count. */
export function fieldOf(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The value is an object, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a JSON text; undefined if the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // truncated or damaged; no shape accepts undefined
  }
}
