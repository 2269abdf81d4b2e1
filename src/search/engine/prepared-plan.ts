/** A plan, and what is known about it from its literals alone. */
import type { Literal, Plan } from "../contracts.ts";

/** Literals of this length are taken by every backend at once. */
const SHORT_LITERAL_BYTES = 128;
/** Longer literals cost a backend more than the host's look at what is left of them. */
const LONG_LITERAL_BYTES = 1024;

/** The bytes of a UTF-8 byte order mark. */
const MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf]);

/** A plan that may be asked again and again: what was found out about it is kept. */
export class PreparedPlan {
  readonly plan: Plan;
  /** For a backend that finds `plan` too large. */
  readonly #simpler: Plan | undefined;
  #mayOverlap: boolean | undefined;
  #isLong: boolean | undefined;
  #shortened: PreparedPlan | undefined;

  /** @param simpler what the host can verify where a backend finds `plan` too large */
  constructor(plan: Plan, simpler?: Plan) {
    this.plan = plan;
    this.#simpler = simpler;
  }

  /** Does the backend report matches, or at least nothing else but matches? */
  get isEachHit(): boolean {
    return this.plan.kind === "automaton" || !this.mayOverlap;
  }

  /** Can two occurrences of the literals share a byte? Then not every occurrence is a hit. */
  get mayOverlap(): boolean {
    return (this.#mayOverlap ??= this.plan.kind !== "literals" || overlap(this.plan.literals));
  }

  /** Can an occurrence of a literal begin within a byte order mark? Then not every occurrence is a hit. */
  get mayBeginInMark(): boolean {
    return (
      this.plan.kind !== "literals" || this.plan.literals.some(({ bytes }) => MARK.has(bytes[0] as number))
    );
  }

  /** Has a literal of more bytes than a backend should be asked for. */
  get isLong(): boolean {
    return (this.#isLong ??=
      (this.plan.kind === "literals" || this.plan.kind === "filter") &&
      this.plan.literals.some(({ bytes }) => bytes.length > LONG_LITERAL_BYTES));
  }

  /**
   * A smaller plan, for a backend that refuses this one as too large. An automaton is replaced by what the matcher
   * knows of the pattern. Long literals are replaced by a filter: it finds their beginnings, and the host verifies the
   * lines. If nothing can be cut, this is the same plan.
   */
  get shortened(): PreparedPlan {
    const { plan } = this;
    if (this.#simpler !== undefined) return (this.#shortened ??= new PreparedPlan(this.#simpler));
    if (plan.kind !== "literals" && plan.kind !== "filter") return this;
    if (plan.literals.every(({ bytes }) => bytes.length <= SHORT_LITERAL_BYTES)) return this;
    const literals = plan.literals.map(({ bytes, ignoreAsciiCase }) => ({
      bytes: bytes.slice(0, SHORT_LITERAL_BYTES),
      ignoreAsciiCase,
    }));
    return (this.#shortened ??= new PreparedPlan({ ...plan, kind: "filter", literals }));
  }
}

/** Some end of a literal is some beginning of a literal, or one lies within another. */
function overlap(literals: readonly Literal[]): boolean {
  return literals.some((a) => literals.some((b) => pairOverlaps(a, b)));
}

function pairOverlaps(a: Literal, b: Literal): boolean {
  const fold = a.ignoreAsciiCase || b.ignoreAsciiCase ? lowerCase : (byte: number): number => byte;
  for (let shift = a === b ? 1 : 0; shift < a.bytes.length; shift++) {
    const shared = Math.min(a.bytes.length - shift, b.bytes.length);
    let same = 0;
    while (same < shared && fold(a.bytes[shift + same] as number) === fold(b.bytes[same] as number)) same++;
    if (same === shared) return true;
  }
  return false;
}

const lowerCase = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);
