/** What `everwarp lint --utilisation` runs and says. */
export { chooseDevice, measureFile, type UtilisationReport } from "./measure.ts";
export { utilisationDocument, utilisationText } from "./report.ts";
export type { Workload } from "./workload.ts";
