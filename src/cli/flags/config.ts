/** The file that RIPGREP_CONFIG_PATH names: one argument per line. */
import { readFileSync } from "node:fs";
import { byteText } from "../../base/index.ts";
import { inDirectory, systemErrorText } from "../../search/index.ts";

/**
 * White space by Unicode's definition. `trim` would also remove a byte-order mark, which ripgrep keeps in the
 * first argument.
 */
const OUTER_SPACE = /^\p{White_Space}+|\p{White_Space}+$/gu;

/**
 * The arguments in the configuration file.
 * @param path value of the environment variable. Undefined or empty: no file
 * @param onMessage gets the reason if the file cannot be read
 * @param directory absolute path that a relative path refers to. Without it: the directory of the process
 */
export function configArgs(
  path: string | undefined,
  onMessage: (message: string) => void,
  directory?: string,
): string[] {
  if (path === undefined || path === "") return [];
  let text: string;
  try {
    text = byteText(readFileSync(inDirectory(directory, path)));
  } catch (error) {
    const reason = systemErrorText(error);
    if (reason === undefined) throw error;
    onMessage(`failed to read the file specified in RIPGREP_CONFIG_PATH: ${path}: ${reason}`);
    return [];
  }
  return text
    .split("\n")
    .map((line) => line.replace(OUTER_SPACE, ""))
    .filter((line) => line !== "" && !line.startsWith("#"));
}
