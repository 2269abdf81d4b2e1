/**
 * Parses arguments by the flag table: `-nA3`, `-A=3`, `--context=3`, `--context 3`, `--`, values that begin
 * with a dash.
 */
import { EverwarpError, holdsBytes, quotedText } from "../../base/index.ts";
import type { Flag, RefusedFlag } from "./definition.ts";
import { type FlagValues, defaultFlagValues } from "./flag-values.ts";
import { FLAGS } from "./table.ts";
import { badValue } from "./value-parsers.ts";
import { refusal, REFUSED_FLAGS } from "./table-refused.ts";

interface Named {
  flag: Flag | RefusedFlag;
  negated: boolean;
}

const longNames = new Map<string, Named>();
const shortNames = new Map<string, Flag | RefusedFlag>();
for (const flag of [...FLAGS, ...REFUSED_FLAGS]) {
  for (const name of [flag.long, ...("aliases" in flag ? (flag.aliases ?? []) : [])])
    longNames.set(name, { flag, negated: false });
  if (flag.negated !== undefined) longNames.set(flag.negated, { flag, negated: true });
  if (flag.short !== undefined) shortNames.set(flag.short, flag);
}

/** Parses the arguments of a search. @throws EW_UNKNOWN_FLAG, EW_BAD_FLAG_VALUE */
export function parseFlags(args: readonly string[]): FlagValues {
  const flags = defaultFlagValues();
  let next = 0;
  const valueAfter = (name: string): string => {
    const value = args[next++];
    if (value === undefined)
      throw new EverwarpError(
        "EW_BAD_FLAG_VALUE",
        `missing value for flag ${name}: missing argument for option '${name}'`,
      );
    return value;
  };
  while (next < args.length) {
    const arg = args[next++] as string;
    if (arg === "--") {
      flags.positional.push(...args.slice(next));
      break;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = equals === -1 ? arg.slice(2) : arg.slice(2, equals);
      const inline = equals === -1 ? undefined : arg.slice(equals + 1);
      const named = longNames.get(name);
      if (named === undefined) throw unknownFlag(`--${name}`, similarNames(name));
      const takesValue = isValued(named.flag) && !named.negated;
      if (inline !== undefined && !takesValue) throw unexpectedValue(`--${name}`, inline);
      apply(flags, named, `--${name}`, false, takesValue ? (inline ?? valueAfter(`--${name}`)) : "");
    } else if (arg.startsWith("-") && arg !== "-") {
      const letters = Array.from(arg.slice(1));
      for (let index = 0; index < letters.length; index++) {
        const letter = letters[index] as string;
        const name = `-${letter}`;
        const flag = shortNames.get(letter);
        if (flag === undefined) {
          if (letter === "=" && index > 0)
            throw unexpectedValue(`-${letters[index - 1]}`, letters.slice(index + 1).join(""));
          throw unknownFlag(name, []);
        }
        if (!isValued(flag)) {
          apply(flags, { flag, negated: false }, name, true, "");
          continue;
        }
        const rest = letters.slice(index + 1).join("");
        apply(
          flags,
          { flag, negated: false },
          name,
          true,
          rest === "" ? valueAfter(name) : rest.replace(/^=/, ""),
        );
        break;
      }
    } else flags.positional.push(arg);
  }
  return flags;
}

function isValued(flag: Named["flag"]): boolean {
  return flag.kind === "value" || flag.kind === "repeatable";
}

function apply(
  flags: FlagValues,
  { flag, negated }: Named,
  name: string,
  short: boolean,
  value: string,
): void {
  if (flag.kind === "refused") {
    if (!negated) throw refusal(name, flag.instead);
    return;
  }
  try {
    if (flag.kind === "switch") flag.update(flags, !negated);
    else if (flag.kind === "special") flag.update(flags, short);
    else if (negated) flag.reset?.(flags);
    else if (flag.takesBytes !== true && holdsBytes(value)) throw badValue("value is not valid UTF-8");
    else flag.update(flags, value);
  } catch (error) {
    if (!(error instanceof EverwarpError)) throw error;
    throw new EverwarpError(error.code, `error parsing flag ${name}: ${error.message}`, { cause: error });
  }
}

function unexpectedValue(name: string, value: string): EverwarpError {
  return new EverwarpError(
    "EW_BAD_FLAG_VALUE",
    `invalid CLI arguments: unexpected argument for option '${name}': ${quotedText(value)}`,
  );
}

/** @param name with its dashes */
function unknownFlag(name: string, similar: readonly string[]): EverwarpError {
  const hint =
    similar.length === 0
      ? ""
      : `\n\nsimilar flags that are available: ${similar.map((each) => `--${each}`).join(", ")}`;
  return new EverwarpError("EW_UNKNOWN_FLAG", `unrecognized flag ${name}${hint}`);
}

function trigrams(name: string): Set<string> {
  const padded = name.padEnd(3, "!");
  return new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
}

/**
 * Flag names that are similar to an unknown one: at least 40 % of the trigrams of both are common (Jaccard
 * index). This is ripgrep's rule.
 */
export function similarNames(unknown: string): string[] {
  const given = trigrams(unknown);
  return [...longNames].flatMap(([name, { flag }]) => {
    if (flag.kind === "refused") return [];
    const own = trigrams(name);
    let shared = 0;
    for (const part of own) if (given.has(part)) shared++;
    return shared / (own.size + given.size - shared) >= 0.4 ? [name] : [];
  });
}
