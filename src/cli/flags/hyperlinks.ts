/** The links of a search: the format, and what this machine is called. */
import { systemPath } from "../../base/index.ts";
import type { Hyperlinks } from "../../search/index.ts";
import type { FlagValues } from "./flag-values.ts";

/** The links that were asked for, where they are shown. */
export function hyperlinksOf(
  flags: FlagValues,
  color: boolean,
  env: CommandEnvironment,
): Hyperlinks | undefined {
  const { hyperlinkParts: parts, hostnameProgram } = flags;
  if (!color || parts.length === 0) return undefined;
  const wantsHost = parts.some((part) => "variable" in part && part.variable === "host");
  const distribution = env["WSL_DISTRO_NAME"];
  return {
    parts,
    host: wantsHost ? hostname(hostnameProgram) : "",
    wslPrefix: distribution === undefined ? "" : `wsl$/${distribution}`,
  };
}

type CommandEnvironment = Readonly<Record<string, string | undefined>>;

/** What the program prints; the system's name where there is no program, or it fails. */
function hostname(program: string | undefined): string {
  // Both modules take time to load, and few searches need them.
  if (program !== undefined) {
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const { status, stdout } = spawnSync(systemPath(program).toString(), {
      stdio: ["ignore", "pipe", "ignore"],
      encoding: "utf8",
    });
    const name = status === 0 ? stdout.trim() : "";
    if (name !== "") return name;
  }
  return process.getBuiltinModule("node:os").hostname();
}
