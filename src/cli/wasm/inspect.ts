/** What `everwarp wasm inspect` says of a module. */
import type { ModuleDescription, ModuleItem } from "../../wasm/index.ts";

/** A description for people. */
export function inspectText(file: string, module: ModuleDescription): string {
  const { bytes, codeBytes, instructions, functions, memoryPages, hostOnlyReason } = module;
  const lines = [
    `${file}: a valid module of ${bytes} bytes`,
    `code      ${functions.length} functions, ${codeBytes} bytes, ${instructions} instructions`,
    `memory    ${memoryPages === undefined ? "none" : pagesText(memoryPages)}`,
    `runs on   ${hostOnlyReason === undefined ? "devices and the host" : "the host alone"}`,
    ...(hostOnlyReason === undefined ? [] : [`          ${hostOnlyReason}`]),
    ...items("imports", module.imports),
    ...items("exports", module.exports),
    "functions",
    ...functions.flatMap(
      ({ index, name, type, bytes: size, instructions: count, loops, interpretedReason: reason }) => [
        `  ${String(index).padStart(5)} ${String(size).padStart(7)} bytes ${String(count).padStart(6)} instructions ` +
          `${String(loops).padStart(4)} loops  ${name ?? "(no name)"} ${type}`,
        ...(reason === undefined ? [] : [`        devices interpret it: ${reason}`]),
      ],
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function pagesText({ minimum, maximum }: NonNullable<ModuleDescription["memoryPages"]>): string {
  return `${minimum} pages of 64 KiB, and ${maximum === undefined ? "no limit" : `at most ${maximum}`}`;
}

function items(title: string, list: readonly ModuleItem[]): string[] {
  if (list.length === 0) return [`${title}   none`];
  const name = (item: ModuleItem): string =>
    item.module === undefined ? item.name : `${item.module}.${item.name}`;
  return [title, ...list.map((item) => `  ${item.kind.padEnd(6)} ${name(item)} ${item.type}`)];
}
