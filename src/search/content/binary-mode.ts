/**
 * What a NUL byte does to a file.
 * - `none`: nothing, the file is text.
 * - `quit`: the search of this file stops where the NUL comes into view, and what was found before it stands.
 * - `convert`: the NUL ends a line, the search goes on, but after the first match only a notice is printed.
 */
export type BinaryMode = "none" | "quit" | "convert";
