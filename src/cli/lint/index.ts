/** What `everwarp lint` reads and says. */
export { checkFile, type FileReport, kernelsBelow } from "./files.ts";
export { reportDocument, reportText, sarifDocument } from "./report.ts";
