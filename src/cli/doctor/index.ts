/** What `everwarp doctor` finds out and says. */
export { examine } from "./examine.ts";
export { type ProbeRunner, answerProbe, runProbeApart } from "./probe-run.ts";
export { reportText } from "./report-text.ts";
