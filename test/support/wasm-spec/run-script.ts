/** Runs scripts of the specification's test suite on an engine, and counts what held. */
import { EverwarpError } from "../../../src/base/index.ts";
import { binaryOf, validated } from "../wat.ts";
import { type SpecEngine, type SpecInstance, SpecLinkError, SpecTrap, type SpecValue } from "./engine.ts";
import type { Command, Script, ScriptAction } from "./script.ts";
import { isExpected, valueOf, valueText } from "./values.ts";

/** How often commands of a kind were executed, and how often they held. */
export interface Count {
  executed: number;
  passed: number;
}

/** What a run of scripts gave. */
export interface SpecReport {
  readonly counts: Map<string, Count>;
  readonly failures: string[];
}

/** The module that scripts import from: only its types and values are looked at, so it prints nothing. */
const SPECTEST = `(module
  (func (export "print")) (func (export "print_i32") (param i32)) (func (export "print_i64") (param i64))
  (func (export "print_f32") (param f32)) (func (export "print_f64") (param f64))
  (func (export "print_i32_f32") (param i32 f32)) (func (export "print_f64_f64") (param f64 f64))
  (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref) (memory (export "memory") 1 2))`;

/** Runs one script on an engine of its own. */
export async function runScript(script: Script, engine: SpecEngine, report: SpecReport): Promise<void> {
  const runner = new ScriptRunner(script, engine);
  await runner.begin();
  for (const command of script.commands) {
    const kind = runner.kindOf(command);
    if (kind === undefined) continue;
    const count = report.counts.get(kind) ?? { executed: 0, passed: 0 };
    report.counts.set(kind, count);
    count.executed++;
    const fault = await runner.run(command);
    if (fault === undefined) count.passed++;
    else report.failures.push(`${script.name}.wast:${command.line} ${command.type}: ${fault}`);
  }
}

class ScriptRunner {
  readonly #script: Script;
  readonly #engine: SpecEngine;
  readonly #registered = new Map<string, SpecInstance>();
  readonly #named = new Map<string, SpecInstance>();
  #last: SpecInstance | undefined;

  constructor(script: Script, engine: SpecEngine) {
    this.#script = script;
    this.#engine = engine;
  }

  async begin(): Promise<void> {
    const spectest = await this.#engine.instantiate(validated(binaryOf(SPECTEST)), this.#registered);
    this.#registered.set("spectest", spectest);
  }

  /** What a command is counted as, or undefined where it is about the text format, which nothing here reads. */
  kindOf({ type, module_type }: Command): string | undefined {
    return module_type === "text" ? undefined : type;
  }

  /** @returns what did not hold */
  async run(command: Command): Promise<string | undefined> {
    try {
      return await this.#run(command);
    } catch (error) {
      return `${error instanceof Error ? error.name : ""} ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async #run(command: Command): Promise<string | undefined> {
    switch (command.type) {
      case "module": {
        this.#last = undefined;
        const instance = await this.#instantiate(command);
        this.#last = instance;
        if (command.name !== undefined) this.#named.set(command.name, instance);
        return undefined;
      }
      case "register":
        this.#registered.set(command.as!, this.#instanceOf(command.name));
        return undefined;
      case "action":
        await this.#act(command.action!);
        return undefined;
      case "assert_return":
        return differenceOf(await this.#act(command.action!), command);
      case "assert_trap":
      case "assert_exhaustion":
        return expectFault(() => this.#act(command.action!), SpecTrap, command.text!);
      case "assert_uninstantiable":
        return expectFault(() => this.#instantiate(command), SpecTrap, command.text!);
      case "assert_unlinkable":
        return expectFault(() => this.#instantiate(command), SpecLinkError, "");
      case "assert_invalid":
      case "assert_malformed":
        return refusal(await this.#script.binary(command.filename!));
      default:
        return `the runner does not know the command ${command.type}`;
    }
  }

  async #instantiate({ filename }: Command): Promise<SpecInstance> {
    return this.#engine.instantiate(validated(await this.#script.binary(filename!)), this.#registered);
  }

  #instanceOf(name: string | undefined): SpecInstance {
    const instance = name === undefined ? this.#last : this.#named.get(name);
    if (instance === undefined) throw new Error(`there is no module ${name ?? "before the command"}`);
    return instance;
  }

  async #act({ type, module, field, args = [] }: ScriptAction): Promise<readonly SpecValue[]> {
    const instance = this.#instanceOf(module);
    return type === "get" ? [await instance.global(field)] : instance.invoke(field, args.map(valueOf));
  }
}

function refusal(binary: Uint8Array): string | undefined {
  try {
    validated(binary);
    return "the module was taken";
  } catch (error) {
    return error instanceof EverwarpError && error.code.startsWith("EW_WASM_") ? undefined : String(error);
  }
}

function differenceOf(found: readonly SpecValue[], { expected = [] }: Command): string | undefined {
  const isSame =
    found.length === expected.length && expected.every((each, index) => isExpected(found[index], each));
  return isSame ? undefined : `${found.map(valueText).join(", ")} instead of ${JSON.stringify(expected)}`;
}

async function expectFault(
  act: () => Promise<unknown>,
  kind: typeof SpecTrap | typeof SpecLinkError,
  text: string,
): Promise<string | undefined> {
  try {
    await act();
    return `no error, where "${text}" was expected`;
  } catch (error) {
    if (!(error instanceof kind)) throw error;
    const reasons = error.message.split(" or ");
    // The suite names some reasons by their first words, and adds numbers to others.
    const isExpectedReason = reasons.some((each) => text.startsWith(each) || each.startsWith(text));
    return isExpectedReason ? undefined : `"${error.message}" instead of "${text}"`;
  }
}
