/** The variables of the environment that a search depends on. Nothing else of a client's environment is sent. */

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Names, and beginnings of names, which end in `*`. The native client has the same list. */
export const SENT_VARIABLES = [
  "COLORTERM",
  "EVERWARP_*",
  "GIT_CONFIG*",
  "HOME",
  "NO_COLOR",
  "RIPGREP_CONFIG_PATH",
  "TERM",
  "WSL_DISTRO_NAME",
  "XDG_CONFIG_HOME",
] as const;

const exact = new Set<string>(SENT_VARIABLES);
const beginnings = SENT_VARIABLES.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));

/** The variables that are sent. */
export function sentVariables(env: Variables): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning))) sent[name] = value;
  }
  return sent;
}
