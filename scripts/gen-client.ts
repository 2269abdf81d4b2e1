/**
 * Writes client/protocol.h, the numbers of the daemon's protocol for the native client, from src/daemon/protocol.
 *
 *   npx tsx scripts/gen-client.ts           writes it
 *   npx tsx scripts/gen-client.ts --check   fails where it differs
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/base/package-root.ts";
import * as protocol from "../src/daemon/protocol/index.ts";

const FILE = "client/protocol.h";

/** As in STDOUT_IS_TERMINAL. */
const inCapitals = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();

const numbers: Record<string, number> = {
  PROTOCOL_VERSION: protocol.PROTOCOL_VERSION,
  HEADER_BYTES: protocol.HEADER_BYTES,
  PAYLOAD_BYTES_MAX: protocol.PAYLOAD_BYTES_MAX,
  HELD_BYTES_MAX: protocol.HELD_BYTES_MAX,
  ACCEPT_TIMEOUT_MS: protocol.ACCEPT_TIMEOUT_MS,
  ANSWER_TIMEOUT_MS: protocol.ANSWER_TIMEOUT_MS,
};
for (const [group, values] of Object.entries({
  FRAME: protocol.FRAME,
  DECLINE: protocol.DECLINE,
  FACT: protocol.FACT,
  SETTING_BYTES: protocol.CLIENT_SETTINGS,
}))
  for (const [name, value] of Object.entries(values)) numbers[`${group}_${inCapitals(name)}`] = value;

const text = [
  "/* Made by scripts/gen-client.ts from src/daemon/protocol. */",
  "#ifndef EVERWARP_PROTOCOL_H",
  "#define EVERWARP_PROTOCOL_H",
  "",
  ...Object.entries(numbers).map(([name, value]) => `#define EVERWARP_${name} ${value}`),
  `#define EVERWARP_CLIENT_MARK ${JSON.stringify(protocol.CLIENT_MARK)}`,
  "",
  "/* Variables that are sent; a name that ends in * stands for all that begin so. */",
  "static const char *const EVERWARP_SENT_VARIABLES[] = {",
  ...protocol.SENT_VARIABLES.map((name) => `    ${JSON.stringify(name)},`),
  "    NULL,",
  "};",
  "",
  "#endif",
  "",
].join("\n");

const file = join(packageRoot(), FILE);
if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
  console.error(`${FILE} is not what src/daemon/protocol says. Run \`npx tsx scripts/gen-client.ts\`.`);
  process.exitCode = 1;
}
