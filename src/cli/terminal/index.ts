/** What a command sees of its surroundings: streams, terminals, variables, and how it speaks to people. */
export { type CommandContext, processContext } from "./command-context.ts";
export { exactArguments } from "./exact-arguments.ts";
export { exitCodeOf, failureText } from "./failure.ts";
export { HeldMessages } from "./held-messages.ts";
export { deviceHint, isHintDue } from "./hint.ts";
export { ProgressBar, withProgress } from "./progress-bar.ts";
export { SignalGuard } from "./signal-guard.ts";
