/**
 * Writes the parts of the pages that come from the source: flags, help, error codes, folders, and the figures of the
 * records.
 *
 *   npx tsx scripts/gen-docs.ts            writes them
 *   npx tsx scripts/gen-docs.ts --check    fails where a page differs
 *
 * A page marks such a part with `<!-- made: NAME -->` and `<!-- made: end -->`. docs/benchmarks.md is made whole, from
 * bench/benchmarks.template.md, and docs/rules from the rules of the linter.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ERROR_CODES } from "../src/base/errors.ts";
import { packageRoot } from "../src/base/package-root.ts";
import { runCommand } from "../src/cli/commands/others.ts";
import { RULES } from "../src/lint/rules/index.ts";
import { CATEGORIES } from "../src/cli/flags/definition.ts";
import type { CommandContext } from "../src/cli/terminal/index.ts";
import { FLAGS } from "../src/cli/flags/table.ts";
import { toolTexts } from "../src/mcp/index.ts";
import { COMPARED_FLAGS, isOwn, samplesOf } from "../test/support/flag-samples.ts";
import { REFUSED_FLAGS } from "../src/cli/flags/table-refused.ts";
import { alignTables } from "./align-tables.ts";
import { RECORDS, withFigures } from "./figures.ts";

const at = (name: string): string => join(packageRoot(), name);

/** A cell of a table: no line may end in it, and no bar may begin another one. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function flags(): string {
  const sections = CATEGORIES.map((category) => {
    const rows = FLAGS.filter((flag) => flag.category === category)
      .toSorted((a, b) => (a.long < b.long ? -1 : 1))
      .map((flag) => {
        const value = "variable" in flag ? `=${flag.variable}` : "";
        const names = [
          ...(flag.short === undefined ? [] : [`\`-${flag.short}\``]),
          `\`--${flag.long}${value}\``,
        ];
        const back = flag.negated === undefined ? "" : `\`--${flag.negated}\``;
        return `| ${cell(names.join(", "))} | ${cell(flag.help)} | ${back} |\n`;
      });
    const title = `${category.slice(0, 1).toUpperCase()}${category.slice(1)}`;
    return `#### ${title}\n\n| flag | meaning | taken back by |\n|---|---|---|\n${rows.join("")}`;
  });
  return sections.join("\n");
}

/** Every flag of ripgrep and of everwarp: the same, own, or refused. */
function parity(): string {
  const compared = new Set(COMPARED_FLAGS);
  const rows = FLAGS.map((flag): [string, string, string] => {
    if (isOwn(flag)) return [flag.long, "own", ""];
    if (!compared.has(flag)) return [flag.long, "own words", "what it prints is about the program itself"];
    return [flag.long, "same", `${samplesOf(flag).length} command lines compared`];
  });
  for (const { long, instead } of REFUSED_FLAGS) rows.push([long, "refused", instead]);
  const lines = rows
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([long, state, remark]) => `| \`--${long}\` | ${state} | ${cell(remark)} |\n`);
  return `| flag | beside ripgrep | remark |\n|---|---|---|\n${lines.join("")}`;
}

async function help(name: string): Promise<string> {
  let text = "";
  const environment = {
    env: {},
    writeOut: (bytes: Uint8Array) => (text += Buffer.from(bytes).toString()),
    writeError: (error: string) => {
      throw new Error(error);
    },
  } as unknown as CommandContext;
  await runCommand(["help", name], environment);
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
}

function errors(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { meaning, isDeviceFailure }]) =>
      `| \`${code}\` | ${cell(meaning)} | ${isDeviceFailure ? "yes" : ""} |\n`,
  );
  return `| code | meaning | device failure |\n|---|---|---|\n${rows.join("")}`;
}

/** The tools of `everwarp mcp`, from their schemas. */
function mcpTools(): string {
  const tools = toolTexts().map(({ name, description, parameters }) => {
    const rows = parameters.map(
      (parameter) =>
        `| \`${parameter.name}\` | ${cell(parameter.type)} | ${cell(parameter.description)}` +
        `${parameter.isRequired ? " Required." : ""} |\n`,
    );
    const head = "| parameter | type (default) | meaning |\n|---|---|---|\n";
    return `### ${name}\n\n${wrapped(description)}\n\n${head}${rows.join("")}`;
  });
  return tools.join("\n");
}

/** Text in lines of at most 118 characters. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line.length + word.length > 117) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

/** The rooms of src/, in the order of the picture. */
const ROOMS = [
  "cli",
  "public",
  "bench",
  "daemon",
  "live",
  "mcp",
  "search",
  "paths",
  "wasm",
  "engine",
  "residency",
  "lint",
  "programs",
  "vulkan",
  "spirv",
  "schema",
  "threads",
  "storage",
  "base",
];

/** What a folder is for: what its door says, or what folders of its name hold. */
function aboutFolder(folder: string): string {
  const door = at(`src/${folder}/index.ts`);
  if (existsSync(door)) {
    const comment = /^\/\*\*([^]*?)\*\//.exec(readFileSync(door, "utf8"))?.[1];
    if (comment === undefined) throw new Error(`src/${folder}/index.ts does not begin with what it is for`);
    return comment.replace(/\s+\*?\s*/g, " ").trim();
  }
  const known: Record<string, string> = {
    cli: "The command line.",
    public: "The entries of the package. They only re-export.",
    kernels: "The kernels, in GLSL.",
    assembly: "The host's kernel, in AssemblyScript.",
    generated: "Made by a script of `scripts/`.",
  };
  const about = known[folder.split("/").at(-1) ?? ""];
  if (about === undefined) throw new Error(`src/${folder} has no index.ts that says what it is for`);
  return about;
}

/** Every folder of src/, room by room, with what it is for. */
function folders(): string {
  const found = readdirSync(at("src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(at("src"), join(entry.parentPath, entry.name)));
  const order = (folder: string): string => {
    const place = ROOMS.indexOf(folder.split("/")[0] ?? "");
    if (place < 0) throw new Error(`ROOMS of scripts/gen-docs.ts does not name src/${folder}`);
    return `${String(place).padStart(2, "0")}/${folder}`;
  };
  const rows = found
    .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((folder) => {
      const name = `\`src/${folder}\``;
      return `| ${folder.includes("/") ? name : `**${name}**`} | ${cell(aboutFolder(folder))} |\n`;
    });
  return `| folder | what it is for |\n|---|---|\n${rows.join("")}`;
}

async function made(name: string): Promise<string> {
  const [what = "", argument = ""] = name.split(" ");
  if (what === "flags") return flags();
  if (what === "parity") return parity();
  if (what === "help") return help(argument);
  if (what === "errors") return errors();
  if (what === "folders") return folders();
  if (what === "mcp-tools") return mcpTools();
  throw new Error(`nothing makes the part "${name}" of a page`);
}

/** The page with its made parts as they are now. */
async function renewed(page: string): Promise<string> {
  const pattern = /(<!-- made: (?!end)([^>]+?) -->\n)[^]*?(<!-- made: end -->)/g;
  const parts = new Map<string, string>();
  for (const [, , name = ""] of page.matchAll(pattern)) parts.set(name, alignTables(await made(name)));
  return page.replace(
    pattern,
    (_, begin: string, name: string, end: string) => `${begin}\n${parts.get(name)}\n${end}`,
  );
}

function benchmarks(): string {
  const template = readFileSync(at("bench/benchmarks.template.md"), "utf8");
  const folders = [...new Set(Object.values(RECORDS).map((file) => file.split("/")[0]))].toSorted();
  const list = folders.map((folder) => `- [${folder}](../bench/record/${folder}/README.md)`).join("\n");
  return alignTables(withFigures(template.replace("{{records}}", list)));
}

const ABOUT_RULES =
  "Every page is made from the rule's file in `src/lint/rules`. A kernel that breaks a rule marked as an error is " +
  "not launched by `ResidentKernel.open`. The command reports all of them.";

/** The page of each rule of `everwarp lint`, and the list of them. */
function rulePages(): Record<string, string> {
  const rows = RULES.map(
    ({ name, severity, summary }) => `| [${name}](${name}.md) | ${severity} | ${cell(summary)} |\n`,
  );
  const list = `# The rules of \`everwarp lint\`

${wrapped(ABOUT_RULES)}

| rule | severity | what a kernel does |
|---|---|---|
${rows.join("")}`;
  const pageOf = ({
    name,
    severity,
    summary,
    why,
    remedy,
    limits,
    bad,
    good,
  }: (typeof RULES)[number]): string =>
    [
      `# ${name} (${severity})`,
      wrapped(summary),
      `## Why\n\n${wrapped(why)}`,
      `## Wrong\n\n\`\`\`glsl\n${bad}\`\`\``,
      `## Right\n\n\`\`\`glsl\n${good}\`\`\`\n\n${wrapped(remedy)}`,
      `## What the rule knows\n\n${wrapped(limits)}\n`,
    ].join("\n\n");
  return Object.fromEntries([
    ["docs/rules/README.md", alignTables(list)],
    ...RULES.map((rule) => [`docs/rules/${rule.name}.md`, pageOf(rule)]),
  ]) as Record<string, string>;
}

const pages: Record<string, string> = { "docs/benchmarks.md": benchmarks(), ...rulePages() };
for (const name of ["ARCHITECTURE.md", "docs/cli.md", "docs/errors.md", "docs/mcp.md"])
  pages[name] = await renewed(readFileSync(at(name), "utf8"));

for (const [name, page] of Object.entries(pages)) {
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), page);
  } else if (!existsSync(at(name)) || readFileSync(at(name), "utf8") !== page) {
    console.error(`${name} is not what its sources say. Run \`npx tsx scripts/gen-docs.ts\`.`);
    process.exitCode = 1;
  }
}
