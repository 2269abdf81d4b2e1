/** What `everwarp lint --utilisation` prints: for people, and as JSON. */
import path from "node:path";
import type { PhaseUtilisation, Utilisation } from "../../lint/index.ts";
import type { UtilisationReport } from "./measure.ts";

/** Phases with less than this share are counted in one line. */
const SHOWN_SHARE = 0.005;
const COLUMNS = ["lanes", "estimate", "subgroup", "share"] as const;
const COLUMN_WIDTH = 10;

/** For people: a table for each kernel. */
export function utilisationText(reports: readonly UtilisationReport[]): string {
  return reports
    .map((report) =>
      report.error === undefined
        ? report.kernels.map((kernel) => kernelText(report, kernel)).join("\n") || troubleText(report)
        : `${report.file}: not measured: ${report.error.message}\n`,
    )
    .join("\n");
}

/** Of a kernel without a number: what went wrong. */
function troubleText({ file, run }: UtilisationReport): string {
  return `${file}: not measured: ${run?.trouble ?? "nothing of the kernel ran"}\n`;
}

function kernelText({ file, device, run }: UtilisationReport, kernel: Utilisation): string {
  const { workgroupSize, subgroupSize, workgroups, phases } = kernel;
  const head =
    `${file} on ${device}: ${run?.done ?? ""}\n` +
    `${workgroups} workgroup${workgroups === 1 ? "" : "s"} of ${workgroupSize} threads, ` +
    `in subgroups of ${subgroupSize}\n`;
  const trouble = run?.trouble === undefined ? "" : `${run.trouble}\n`;
  if (kernel.lanes === undefined) return `${head}${trouble}nothing of the kernel ran\n`;
  const shown = phases.filter(({ share }) => share >= SHOWN_SHARE);
  const rest = phases.filter(({ share }) => share < SHOWN_SHARE);
  const restShare = rest.reduce((sum, { share }) => sum + share, 0);
  const lines = [
    `${COLUMNS.map((name) => name.padStart(COLUMN_WIDTH)).join("")}  phase\n`,
    ...shown.map((phase) =>
      row([phase.lanes, phase.estimatedLanes, phase.subgroupLanes, phase.share], placeOf(phase)),
    ),
    ...(rest.length === 0 ? [] : [row([undefined, undefined, undefined, restShare], `${rest.length} more`)]),
    row([kernel.lanes, kernel.estimatedLanes, undefined, 1], "all of them"),
  ];
  return `${head}${trouble}${lines.join("")}`;
}

function row(shares: readonly (number | undefined)[], name: string): string {
  return `${shares.map((share) => percent(share).padStart(COLUMN_WIDTH)).join("")}  ${name}\n`;
}

function percent(share: number | undefined): string {
  if (share === undefined) return "";
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function placeOf({ kind, name, range }: PhaseUtilisation): string {
  const what = `${kind === "loop" ? "loop in " : ""}${name === "" ? "a function" : name}`;
  if (range === undefined) return what;
  const { firstLine, lastLine } = range;
  const lines = firstLine === lastLine ? `${firstLine}` : `${firstLine}-${lastLine}`;
  return range.file === undefined
    ? `line ${lines}: ${what}`
    : `${path.normalize(range.file)}:${lines}: ${what}`;
}

/** The document of `--json`. */
export function utilisationDocument(reports: readonly UtilisationReport[]): object {
  return {
    files: reports.map(({ error, run, ...rest }) => ({
      ...rest,
      ...(run === undefined ? {} : { work: run.done, trouble: run.trouble }),
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    })),
  };
}
