/**
 * What a NUL byte does to a file.
 * - `none`: nothing. The file is text.
 * - `quit`: the search of this file stops where the NUL is seen. Lines found before it count.
 * - `convert`: the NUL ends a line and the search continues. After the first match, only a notice is printed.
 */
export type BinaryMode = "none" | "quit" | "convert";
