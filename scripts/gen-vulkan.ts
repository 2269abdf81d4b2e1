/**
 * Writes src/vulkan/generated/ from Khronos's vk.xml and the allow-list in scripts/vk-allow-list.ts.
 *
 *   npx tsx scripts/gen-vulkan.ts                       write the files
 *   npx tsx scripts/gen-vulkan.ts --check               compare instead: exit 1 on drift, or when vk.xml is not there
 *   npx tsx scripts/gen-vulkan.ts --check --if-present  the same, but exit 0 with a line when vk.xml is not there
 *
 * vk.xml is taken from $VULKAN_REGISTRY or from where Debian's libvulkan-dev puts it. What is newer than Debian's comes
 * from scripts/vk-addendum.xml.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CHAINED_STRUCTS,
  CONSTANTS,
  CORE_COMMANDS,
  ENUMERATIONS,
  EXTENSION_COMMANDS,
  OPAQUE_STRUCTS,
} from "./vk-allow-list.ts";
import { child, descendants, type Element, elementsOf, isVulkan, parseXml, textOf } from "./vk-xml.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUTPUT = join(ROOT, "src/vulkan/generated");
const REGISTRY = process.env["VULKAN_REGISTRY"] ?? "/usr/share/vulkan/registry/vk.xml";
const ADDENDUM = join(ROOT, "scripts/vk-addendum.xml");

// ── The registry, indexed ──

class Registry {
  readonly types = new Map<string, Element>();
  readonly commands = new Map<string, Element>();
  /** Value of every enumerant and constant: a number, or a source text for what is wider. */
  readonly values = new Map<string, number | string>();
  /** Enumeration → names of its values that Vulkan 1.0 to 1.3 define, in the registry's order. */
  readonly coreValues = new Map<string, string[]>();

  constructor(xml: Element) {
    const registry = child(xml, "registry");
    if (registry === undefined) throw new Error("vk.xml has no <registry>");
    const aliases: [string, string][] = [];
    for (const section of elementsOf(registry)) {
      if (section.name === "types") {
        for (const type of elementsOf(section, "type").filter(isVulkan)) {
          // Function pointers of newer registries keep their name in a prototype.
          const name =
            type.attributes["name"] ??
            textOfChild(type, "name") ??
            textOfChild(child(type, "proto") ?? type, "name");
          if (name !== undefined) this.types.set(name, type);
        }
      } else if (section.name === "commands") {
        for (const command of elementsOf(section, "command").filter(isVulkan)) {
          const proto = child(command, "proto");
          const name = command.attributes["name"] ?? (proto && textOfChild(proto, "name"));
          if (name !== undefined) this.commands.set(name, command);
        }
      } else if (section.name === "enums") {
        for (const value of elementsOf(section, "enum").filter(isVulkan)) {
          this.#addValue(value, section.attributes["name"] as string, undefined, true, aliases);
        }
      } else if (section.name === "feature" && isVulkan(section)) {
        const isCore = Number(section.attributes["number"]) <= 1.3;
        for (const value of descendants(section)) {
          if (value.name === "enum" && value.attributes["extends"] !== undefined) {
            this.#addValue(value, value.attributes["extends"], undefined, isCore, aliases);
          }
        }
      } else if (section.name === "extensions") {
        for (const extension of elementsOf(section, "extension")) {
          for (const value of descendants(extension)) {
            if (value.name === "enum" && value.attributes["extends"] !== undefined && isVulkan(value)) {
              this.#addValue(
                value,
                value.attributes["extends"],
                extension.attributes["number"],
                false,
                aliases,
              );
            }
          }
        }
      }
    }
    for (const [name, target] of aliases) {
      const value = this.values.get(target);
      if (value !== undefined && !this.values.has(name)) this.values.set(name, value);
    }
  }

  /** Takes over what only the other one has. */
  addMissing(other: Registry): void {
    for (const [name, type] of other.types) if (!this.types.has(name)) this.types.set(name, type);
    for (const [name, command] of other.commands)
      if (!this.commands.has(name)) this.commands.set(name, command);
    for (const [name, value] of other.values) if (!this.values.has(name)) this.values.set(name, value);
  }

  #addValue(
    element: Element,
    enumeration: string,
    extension: string | undefined,
    isCore: boolean,
    aliases: [string, string][],
  ): void {
    const { name, value, bitpos, offset, dir, alias, extnumber } = element.attributes;
    if (name === undefined) return;
    if (alias !== undefined) {
      aliases.push([name, alias]);
      return;
    }
    if (value !== undefined)
      this.values.set(name, /^-?(0x[\da-f]+|\d+)$/i.test(value) ? Number(value) : value);
    else if (bitpos !== undefined) this.values.set(name, 2 ** Number(bitpos));
    else if (offset !== undefined) {
      // The registry's own formula for values of extensions.
      const magnitude = 1_000_000_000 + (Number(extnumber ?? extension) - 1) * 1000 + Number(offset);
      this.values.set(name, dir === "-" ? -magnitude : magnitude);
    } else return;
    if (isCore) this.coreValues.set(enumeration, [...(this.coreValues.get(enumeration) ?? []), name]);
  }

  valueOf(name: string): number {
    const value = this.values.get(name);
    if (typeof value !== "number") throw new Error(`vk.xml has no number for ${name}`);
    return value;
  }
}

const textOfChild = (element: Element, name: string): string | undefined => {
  const found = child(element, name);
  return found && textOf(found);
};

// ── C types ──

interface CType {
  sizeBytes: number;
  alignBytes: number;
  /** The kind in native-layout.ts, or undefined for a struct in place. */
  kind: "u32" | "i32" | "f32" | "u64" | "pointer" | "char" | "u8" | undefined;
  struct?: Struct;
}
interface Struct {
  name: string;
  sizeBytes: number;
  alignBytes: number;
  structureType: string | undefined;
  fields: string[];
}

const PRIMITIVES: Record<string, CType> = {
  void: { sizeBytes: 0, alignBytes: 1, kind: "u8" },
  char: { sizeBytes: 1, alignBytes: 1, kind: "char" },
  uint8_t: { sizeBytes: 1, alignBytes: 1, kind: "u8" },
  uint32_t: { sizeBytes: 4, alignBytes: 4, kind: "u32" },
  int32_t: { sizeBytes: 4, alignBytes: 4, kind: "i32" },
  float: { sizeBytes: 4, alignBytes: 4, kind: "f32" },
  uint64_t: { sizeBytes: 8, alignBytes: 8, kind: "u64" },
  size_t: { sizeBytes: 8, alignBytes: 8, kind: "u64" },
};
const POINTER: CType = { sizeBytes: 8, alignBytes: 8, kind: "pointer" };

class BindingGenerator {
  readonly #registry: Registry;
  readonly #structs = new Map<string, Struct>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Structs so far, each after those that it holds. */
  get structs(): Struct[] {
    return [...this.#structs.values()];
  }

  /** Visits a type that a command or a struct names; structs are laid out when first seen. */
  typeOf(name: string): CType {
    const primitive = PRIMITIVES[name];
    if (primitive !== undefined) return primitive;
    const element = this.#registry.types.get(name);
    if (element === undefined) throw new Error(`vk.xml has no type ${name}`);
    if (element.attributes["alias"] !== undefined) return this.typeOf(element.attributes["alias"]);
    switch (element.attributes["category"]) {
      case "basetype":
      case "bitmask":
        return this.typeOf(textOfChild(element, "type") as string);
      case "enum":
        return PRIMITIVES[name === "VkResult" ? "int32_t" : "uint32_t"] as CType;
      case "handle":
        return textOfChild(element, "type") === "VK_DEFINE_HANDLE"
          ? POINTER
          : (PRIMITIVES["uint64_t"] as CType);
      case "funcpointer":
        return POINTER;
      case "struct": {
        const struct = this.structOf(name);
        return { sizeBytes: struct.sizeBytes, alignBytes: struct.alignBytes, kind: undefined, struct };
      }
      default:
        throw new Error(`${name}: a ${element.attributes["category"]} cannot be laid out`);
    }
  }

  structOf(name: string): Struct {
    const known = this.#structs.get(name);
    if (known !== undefined) return known;
    const element = this.#registry.types.get(name);
    if (element === undefined) throw new Error(`vk.xml has no struct ${name}`);
    let offset = 0;
    let alignBytes = 1;
    let structureType: string | undefined;
    const fields: string[] = [];
    for (const member of elementsOf(element, "member").filter(isVulkan)) {
      const memberName = textOfChild(member, "name") as string;
      const typeName = textOfChild(member, "type") as string;
      const isPointer = this.#isPointer(member);
      if (isPointer && memberName !== "pNext") this.#visitPointee(typeName);
      const type = isPointer ? POINTER : this.typeOf(typeName);
      const count = this.#arrayLength(member);
      offset = Math.ceil(offset / type.alignBytes) * type.alignBytes;
      fields.push(`${memberName}: ${fieldText(type, offset, count)}`);
      offset += type.sizeBytes * (count ?? 1);
      alignBytes = Math.max(alignBytes, type.alignBytes);
      if (memberName === "sType") structureType = member.attributes["values"];
    }
    const sizeBytes = Math.ceil(offset / alignBytes) * alignBytes;
    const struct: Struct = { name, sizeBytes, alignBytes, structureType, fields };
    this.#structs.set(name, struct);
    return struct;
  }

  commandOf(name: string): { name: string; result: string; parameters: { name: string; kind: string }[] } {
    const command = this.#registry.commands.get(name);
    const proto = command && child(command, "proto");
    if (command === undefined || proto === undefined) throw new Error(`vk.xml has no command ${name}`);
    const parameters = elementsOf(command, "param")
      .filter(isVulkan)
      .map((parameter) => {
        const typeName = textOfChild(parameter, "type") as string;
        if (this.#isPointer(parameter)) {
          this.#visitPointee(typeName);
          return { name: textOfChild(parameter, "name") as string, kind: "pointer" };
        }
        return { name: textOfChild(parameter, "name") as string, kind: this.typeOf(typeName).kind as string };
      });
    const resultName = textOfChild(proto, "type") as string;
    return {
      name,
      result: resultName === "void" ? "void" : (this.typeOf(resultName).kind as string),
      parameters,
    };
  }

  #isPointer(member: Element): boolean {
    return member.children.some((part) => typeof part === "string" && part.includes("*"));
  }

  #visitPointee(name: string): void {
    if ((OPAQUE_STRUCTS as readonly string[]).includes(name)) return;
    if (this.#registry.types.get(name)?.attributes["category"] === "struct") this.structOf(name);
  }

  /** Product of the dimensions of an array member, or undefined. */
  #arrayLength(member: Element): number | undefined {
    const declaration = textOf(member);
    const dimensions = [...declaration.matchAll(/\[(\w+)\]/g)].map(([, length]) =>
      /^\d+$/.test(length as string) ? Number(length) : this.#registry.valueOf(length as string),
    );
    return dimensions.length === 0 ? undefined : dimensions.reduce((product, length) => product * length, 1);
  }
}

function fieldText(type: CType, offset: number, count: number | undefined): string {
  if (type.struct !== undefined) {
    return count === undefined
      ? `nested(${offset}, ${type.struct.name})`
      : `nestedArray(${offset}, ${count}, ${type.struct.name})`;
  }
  if (count === undefined) return `${type.kind}(${offset})`;
  if (type.kind === "char") return `text(${offset}, ${count})`;
  if (type.kind === "u8") return `bytes(${offset}, ${count})`;
  return `scalars(${offset}, ${count}, "${type.kind}")`;
}

// ── Output ──

const HEADER = "// Written by scripts/gen-vulkan.ts from vk.xml (Khronos, Apache-2.0 OR MIT); do not edit.\n";
const KOFFI_TYPES: Record<string, string> = {
  void: "void",
  u32: "uint32",
  i32: "int32",
  f32: "float",
  u64: "uint64",
  pointer: "void *",
};
const SCRIPT_TYPES: Record<string, string> = {
  void: "void",
  u32: "number",
  i32: "number",
  f32: "number",
  u64: "bigint",
  pointer: "Pointer",
};

/** Where a result differs from a parameter: the library gives small 64-bit values as numbers. */
const RESULT_TYPES: Record<string, string> = { pointer: "bigint | null", u64: "number | bigint" };

function generate(registry: Registry): Record<string, string> {
  const generator = new BindingGenerator(registry);
  const core = CORE_COMMANDS.map((name) => generator.commandOf(name));
  const extension = EXTENSION_COMMANDS.map((name) => generator.commandOf(name));
  for (const name of CHAINED_STRUCTS) generator.structOf(name);

  const signature = (command: (typeof core)[number]): string =>
    `  ${command.name}(${command.parameters.map(({ name, kind }) => `${name}: ${SCRIPT_TYPES[kind]}`).join(", ")}): ` +
    `${RESULT_TYPES[command.result] ?? SCRIPT_TYPES[command.result]};\n`;
  const prototype = (command: (typeof core)[number]): string =>
    `  ${command.name}: [${JSON.stringify(KOFFI_TYPES[command.result])}, ` +
    `[${command.parameters.map(({ kind }) => JSON.stringify(KOFFI_TYPES[kind])).join(", ")}]],\n`;

  const commands =
    `${HEADER}\n/** An address, or memory of ours. */\ntype Pointer = bigint | ArrayBufferView | null;\n\n` +
    "/** Result type and parameter types in the foreign-function library's spelling. */\n" +
    "export type Prototype = readonly [result: string, parameters: readonly string[]];\n\n" +
    `export interface CoreCommands {\n${core.map(signature).join("")}}\n\n` +
    `export interface ExtensionCommands {\n${extension.map(signature).join("")}}\n\n` +
    "export const CORE_PROTOTYPES: Readonly<Record<keyof CoreCommands, Prototype>> = " +
    `{\n${core.map(prototype).join("")}};\n\n` +
    "export const EXTENSION_PROTOTYPES: Readonly<Record<keyof ExtensionCommands, Prototype>> = " +
    `{\n${extension.map(prototype).join("")}};\n`;

  const structs =
    `${HEADER}\n// oxfmt-ignore\n` +
    "import { layout, u8, u32, i32, f32, u64, pointer, text, bytes, scalars, nested, nestedArray } " +
    'from "../native/index.ts";\n\n' +
    generator.structs
      .map(
        ({ name, sizeBytes, structureType, fields }) =>
          `export const ${name} = layout("${name}", ${sizeBytes}, ${
            structureType === undefined ? "undefined" : registry.valueOf(structureType)
          }, {\n${fields.map((field) => `  ${field},\n`).join("")}});\n`,
      )
      .join("\n");

  const constants =
    `${HEADER}\n` +
    CONSTANTS.map((name) => `export const ${name} = ${constantText(registry.values.get(name))};\n`).join("") +
    "\n" +
    Object.entries(ENUMERATIONS)
      .map(([enumeration, wanted]) => {
        const names = wanted.flatMap((name) =>
          name === "core" ? (registry.coreValues.get(enumeration) ?? []) : [name],
        );
        return `export const ${enumeration} = {\n${names
          .map((name) => `  ${name}: ${registry.valueOf(name)},\n`)
          .join("")}} as const;\n`;
      })
      .join("\n");

  return { "commands.ts": commands, "structs.ts": structs, "constants.ts": constants };
}

function constantText(value: number | string | undefined): string {
  if (value === "(~0ULL)") return "0xffff_ffff_ffff_ffffn";
  if (typeof value === "number") return String(value);
  throw new Error(`a constant of the allow-list has the value ${String(value)}, which has no spelling here`);
}

/** The texts as the repository's formatter leaves them, so that what is committed is exactly what is generated. */
function formatted(files: Record<string, string>): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "gen-vulkan-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const formatter = join(ROOT, "node_modules/.bin/oxfmt");
    execFileSync(formatter, ["-c", join(ROOT, ".oxfmtrc.json"), "--write", folder], { stdio: "pipe" });
    return Object.fromEntries(
      Object.keys(files).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main(flags: readonly string[]): number {
  const check = flags.includes("--check");
  if (!existsSync(REGISTRY)) {
    const message = `gen-vulkan: ${REGISTRY} is not there (Debian and Ubuntu: libvulkan-dev)`;
    if (check && flags.includes("--if-present")) {
      process.stdout.write(`${message}: the Vulkan bindings were NOT checked for drift\n`);
      return 0;
    }
    process.stderr.write(`${message}: nothing to generate from\n`);
    return 1;
  }
  const registry = new Registry(parseXml(readFileSync(REGISTRY, "utf8")));
  registry.addMissing(new Registry(parseXml(readFileSync(ADDENDUM, "utf8"))));
  const files = formatted(generate(registry));
  if (!check) {
    mkdirSync(OUTPUT, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(OUTPUT, name), content);
    return 0;
  }
  const drifted = Object.entries(files).filter(([name, content]) => {
    const path = join(OUTPUT, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== content;
  });
  for (const [name] of drifted) {
    process.stderr.write(
      `gen-vulkan: src/vulkan/generated/${name} differs from what vk.xml gives. Run npx tsx scripts/gen-vulkan.ts.\n`,
    );
  }
  return drifted.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
