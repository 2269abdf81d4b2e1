/**
 * A regex engine over bytes, for what the package's engine cannot do: matches across lines, capture groups, bytes that
 * are no text, other ends of lines, and sizes of up to 100 MiB. Loaded lazily.
 */
export { type ByteMatcherOptions, createByteMatcher } from "./create-byte-matcher.ts";
