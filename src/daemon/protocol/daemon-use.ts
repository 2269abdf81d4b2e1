/** Whether a search asks the daemon. Clients decide it before they read the flags. */
import type { Variables } from "./variables.ts";

/** `auto` starts a daemon where none runs, `running` asks one that runs, `off` asks none. */
export type DaemonUse = "auto" | "running" | "off";

/** The values of `--daemon` and EVERWARP_DAEMON. */
export const DAEMON_USES: readonly DaemonUse[] = ["auto", "running", "off"];

/**
 * What `--daemon` and EVERWARP_DAEMON say. The last flag wins over the variable, but for the value `never`: clients
 * that were declined give it to the program that they run in their place.
 *
 * Where neither says anything, `byDefault` counts.
 *
 * The flag is looked for in all words before `--`. A word that only looks like it, as a pattern could, may cost the
 * help of the daemon, and changes no answer.
 */
export function daemonUse(
  argv: readonly string[],
  env: Variables,
  byDefault: DaemonUse = "running",
): DaemonUse {
  const variable = env["EVERWARP_DAEMON"];
  if (variable === "never") return "off";
  let use: DaemonUse = DAEMON_USES.find((each) => each === variable) ?? byDefault;
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === "--") break;
    let value: string | undefined;
    if (word === "--daemon") value = argv[index + 1];
    else if (word.startsWith("--daemon=")) value = word.slice("--daemon=".length);
    use = DAEMON_USES.find((each) => each === value) ?? use;
  }
  return use;
}
