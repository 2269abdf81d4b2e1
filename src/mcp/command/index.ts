/** everwarp's own commands in processes of their own: a tool asks one, and reads its output as it comes. */
export { type CommandEnd, CommandRunner, type RunningCommand } from "./command-runner.ts";
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
