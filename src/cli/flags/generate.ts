/** Writes a manual page, and completions for shells, from the flag table. They are for `everwarp search`. */
import { CATEGORIES, type Flag } from "./definition.ts";
import type { Generated } from "./flag-values.ts";
import { FLAGS } from "./table.ts";

/** A name that a flag is typed by. */
interface Spelling {
  readonly name: string;
  readonly help: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

function spellingsOf(flag: Flag): Spelling[] {
  const takesValue = flag.kind === "value" || flag.kind === "repeatable";
  const choices = (takesValue ? flag.choices : undefined) ?? [];
  const names = [
    `--${flag.long}`,
    ...(flag.aliases ?? []).map((alias) => `--${alias}`),
    ...(flag.short === undefined ? [] : [`-${flag.short}`]),
  ];
  const spellings = names.map((name) => ({ name, help: flag.help, takesValue, choices }));
  if (flag.negated !== undefined) {
    const help = `Take back --${flag.long}.`;
    spellings.push({ name: `--${flag.negated}`, help, takesValue: false, choices: [] });
  }
  return spellings;
}

const SPELLINGS = FLAGS.flatMap(spellingsOf);
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(): string {
  const chosen = SPELLINGS.filter(({ choices }) => choices.length > 0);
  const cases = chosen.map(({ name, choices }) => {
    const reply = `COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$current"))`;
    return `    ${name})\n      ${reply}\n      return\n      ;;\n`;
  });
  return `_everwarp() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  [[ "\${COMP_WORDS[1]}" == search ]] || return
  case "$previous" in
${cases.join("")}  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W ${quoted(SPELLINGS.map(({ name }) => name).join(" "))} -- "$current"))
  fi
}
complete -o bashdefault -o default -F _everwarp everwarp
`;
}

function zsh(): string {
  const safe = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");
  const specs = SPELLINGS.map(({ name, help, takesValue, choices }) => {
    const action = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
    const joined = takesValue && name.startsWith("--") ? `${name}=` : takesValue ? `${name}+` : name;
    return `    ${quoted(`*${joined}[${safe(help)}]${takesValue ? `:value:${action}` : ""}`)}`;
  });
  return `#compdef everwarp

_everwarp() {
  [[ \${words[2]} == search ]] || return 1
  shift words
  (( CURRENT-- ))
  local -a specs=(
${specs.join("\n")}
  )
  _arguments -s -S $specs '*:file:_files'
}

_everwarp "$@"
`;
}

function fish(): string {
  const lines = SPELLINGS.map(({ name, help, takesValue, choices }) => {
    const option = name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${quoted(name.slice(1))}`;
    const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : takesValue ? " -r" : "";
    const about = `'${help.replace(/['\\]/g, "\\$&")}'`;
    return `complete -c everwarp -n '__fish_seen_subcommand_from search' ${option} -d ${about}${value}\n`;
  });
  return lines.join("");
}

function powershell(): string {
  const text = (part: string): string => `'${part.replaceAll("'", "''")}'`;
  const results = SPELLINGS.map(
    ({ name, help }) =>
      `    [CompletionResult]::new(${text(name)}, ${text(name)}, [CompletionResultType]::ParameterName, ${text(help)})`,
  );
  return `using namespace System.Management.Automation

Register-ArgumentCompleter -Native -CommandName 'everwarp' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  if ($commandAst.CommandElements[1].Extent.Text -ne 'search') { return }
  $completions = @(
${results.join("\n")}
  )
  $completions.Where{ $_.CompletionText -clike "$wordToComplete*" }
}
`;
}

/** Text for troff: nothing in it is a request or an escape. */
const roff = (text: string): string =>
  text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/gm, "\\&$&");

function manFlag(flag: Flag): string {
  const value = "variable" in flag ? `=\\fI${roff(flag.variable)}\\fP` : "";
  const short = flag.short === undefined ? "" : `\\fB\\-${roff(flag.short)}\\fP, `;
  const lines = [".TP", `${short}\\fB\\-\\-${roff(flag.long)}\\fP${value}`, roff(flag.help)];
  if (flag.details !== undefined) lines.push(".sp", roff(flag.details));
  if (flag.negated !== undefined) lines.push(".sp", `\\fB\\-\\-${roff(flag.negated)}\\fP takes it back.`);
  return `${lines.join("\n")}\n`;
}

function man(): string {
  const sections = CATEGORIES.map((category) => {
    const flags = FLAGS.filter((flag) => flag.category === category);
    return `.SS ${category.toUpperCase()}\n${flags.map(manFlag).join("")}`;
  });
  return `.TH EVERWARP\\-SEARCH 1
.SH NAME
everwarp\\-search \\- search files for lines that match a pattern
.SH SYNOPSIS
\\fBeverwarp search\\fP [\\fIFLAGS\\fP] \\fIPATTERN\\fP [\\fIPATH\\fP ...]
.SH DESCRIPTION
Looks for lines that match a regular expression, in files and directories, with the flags and the output of ripgrep.
.SH OPTIONS
${sections.join("")}.SH EXIT STATUS
0 something matched, 1 nothing matched, 2 there was an error.
`;
}

const GENERATORS: Readonly<Record<Generated, () => string>> = {
  man,
  "complete-bash": bash,
  "complete-zsh": zsh,
  "complete-fish": fish,
  "complete-powershell": powershell,
};

/** The text of `--generate`. */
export function generate(what: Generated): string {
  return GENERATORS[what]();
}
