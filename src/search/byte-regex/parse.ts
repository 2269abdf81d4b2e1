/** From pattern text to its tree: shape and classes are parsed by the package, in pieces that it can take. */
import { badPattern, type LookName, parsePackageSyntax, readHir } from "../matcher/index.ts";
import {
  type Atom,
  type AtomPattern,
  BYTE_STAND_INS,
  bytePattern,
  characterPattern,
  withAtoms,
} from "./atoms.ts";
import type { Node, Ranges } from "./node.ts";

/** A pattern and its groups. */
export interface Parsed {
  readonly node: Node;
  readonly groupNames: ReadonlyMap<string, number>;
  readonly groupCount: number;
}

/** The package's objects, as far as they are read here. */
interface Tagged {
  "@variant": string;
  "@values": unknown[];
}

/**
 * Parses a pattern that has no mistakes but those that only the package sees: it may match bytes that are no text, and
 * be too large for the package.
 * @throws Error of the package
 */
export function parsePattern(pattern: string): Parsed {
  const atoms = withAtoms(pattern);
  const node = new TreeReader(atoms).read(parsePackageSyntax(atoms.text));
  return { node, groupNames: atoms.groupNames, groupCount: Math.max(...atoms.groupIndexes) };
}

class TreeReader {
  readonly #pattern: AtomPattern;

  constructor(pattern: AtomPattern) {
    this.#pattern = pattern;
  }

  read(raw: unknown): Node {
    const { "@variant": variant, "@values": values } = (raw as { kind: Tagged }).kind;
    const first = values?.[0];
    switch (variant) {
      case "Empty":
        return { kind: "empty" };
      case "Literal":
        return { kind: "literal", bytes: (first as Tagged)["@values"][0] as Uint8Array };
      case "Class":
        return { kind: "class", ranges: rangesIn(raw) };
      case "Look":
        return { kind: "look", name: (first as Tagged)["@variant"] as LookName };
      case "Repetition": {
        const { min, max, greedy, sub } = first as {
          min: number;
          max?: number;
          greedy: boolean;
          sub: unknown;
        };
        return { kind: "repetition", min, max, greedy, sub: this.read(sub) };
      }
      case "Capture":
        return this.#capture(first as { index: number; name?: string; sub: unknown });
      case "Concat":
        return { kind: "concat", subs: (first as unknown[]).map((sub) => this.read(sub)) };
      default:
        return { kind: "alternation", subs: (first as unknown[]).map((sub) => this.read(sub)) };
    }
  }

  #capture({ index, name, sub }: { index: number; name?: string; sub: unknown }): Node {
    const { prefix, atoms, groupIndexes } = this.#pattern;
    if (name?.startsWith(prefix) === true) return atomNode(atoms[Number(name.slice(prefix.length))] as Atom);
    return { kind: "capture", index: groupIndexes[index] as number, sub: this.read(sub) };
  }
}

const known = new Map<string, Node>();

function atomNode(atom: Atom): Node {
  const key = JSON.stringify(atom);
  let node = known.get(key);
  if (node === undefined) known.set(key, (node = atom.flags.unicode ? characters(atom) : bytes(atom)));
  return node;
}

const characters = (atom: Atom): Node => ({
  kind: "class",
  ranges: rangesIn(parsePackageSyntax(characterPattern(atom))),
});

function bytes(atom: Atom): Node {
  const pattern = bytePattern(atom);
  if (pattern === undefined) throw badPattern(`Unicode not allowed here: ${atom.text}`);
  const ranges = rangesIn(parsePackageSyntax(pattern));
  return { kind: "byte", ranges: [...part(ranges, 0, 0x7f, 0), ...part(ranges, 0x80, 0xff, BYTE_STAND_INS)] };
}

/** The bytes from `first` to `last`, which are characters from `base` on. */
const part = (ranges: Ranges, first: number, last: number, base: number): Ranges =>
  ranges
    .map(([low, high]) => [Math.max(low - base, first), Math.min(high - base, last)] as const)
    .filter(([low, high]) => low <= high);

/** The ranges of a class, which the parser makes a literal if it has one member. */
function rangesIn(raw: unknown): Ranges {
  const hir = readHir(raw);
  if (hir.kind === "literal") {
    const code = Buffer.from(hir.bytes).toString("utf8").codePointAt(0) as number;
    return [[code, code]];
  }
  return hir.kind === "class" ? hir.ranges : [];
}
