/** Whole processes as contenders, and what a start of the command line costs. */
export {
  BARE_NODE,
  type CommandLine,
  everwarpCommand,
  findRipgrep,
  processContender,
  runProcess,
  silentContender,
} from "./processes.ts";
export { startup } from "./startup.ts";
