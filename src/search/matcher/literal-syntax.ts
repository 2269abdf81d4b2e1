/** The parsed pattern of plain texts, made without the regex engine. */
import type { Literal } from "../contracts.ts";
import { FAR_FOLDS } from "./far-folds.ts";
import type { Hir } from "./hir.ts";

/** What must surround a match: anything, no word characters (`-w`), or nothing (`-x`). */
export type Boundary = "none" | "word" | "line";

const LOWER_A = 0x61;
const LOWER_Z = 0x7a;

/** The pattern that matches the literals, the earlier ones preferred, with `-w` or `-x`. */
export function literalSyntax(literals: readonly Literal[], boundary: Boundary): Hir {
  const texts: Hir = { kind: "alternation", subs: literals.map(literalNode) };
  if (boundary === "none") return texts;
  const [before, after] =
    boundary === "line"
      ? (["StartLF", "EndLF"] as const)
      : (["WordStartHalfUnicode", "WordEndHalfUnicode"] as const);
  return { kind: "concat", subs: [{ kind: "look", name: before }, texts, { kind: "look", name: after }] };
}

function literalNode({ bytes, ignoreAsciiCase }: Literal): Hir {
  if (!ignoreAsciiCase) return { kind: "literal", bytes };
  const subs = Array.from(bytes, (byte): Hir => {
    if (byte < LOWER_A || byte > LOWER_Z) return { kind: "literal", bytes: Uint8Array.of(byte) };
    const far = FAR_FOLDS.get(byte);
    const codes = [byte - 0x20, byte, ...(far === undefined ? [] : [far.code])];
    return { kind: "class", ranges: codes.map((code) => [code, code]), escapes: [], without: [] };
  });
  return { kind: "concat", subs };
}
