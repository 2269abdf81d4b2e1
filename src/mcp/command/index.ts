/**
 * everwarp's own commands, through the user's daemon or in processes of their own: a tool asks one, and reads its
 * output as it comes.
 */
export { CommandRunner } from "./command-runner.ts";
export type { CommandEnd, RunningCommand } from "./running-command.ts";
export { DaemonCommands } from "./daemon-commands.ts";
export { commandError, messagesOf } from "./failure.ts";
export {
  beginOf,
  binaryOffsetOf,
  kindOf,
  type LineMessage,
  lineOf,
  searchedFilesOf,
} from "./json-messages.ts";
export { eachRecord } from "./records.ts";
