/** The state of a daemon, for people. */
import type { DaemonReport } from "../../daemon/index.ts";

/** A few lines. */
export function statusText(report: DaemonReport): string {
  const { searches, idleMinutes } = report;
  const end =
    idleMinutes === undefined ? "when it is told to" : `after ${idleMinutes} minutes without a search`;
  const lines = [
    `everwarp ${report.version}, process ${report.processId}, since ${report.startedAt}`,
    `memory      ${Math.round(report.residentBytes / 2 ** 20)} MiB`,
    `searches    ${searches.answered} answered, ${searches.declined} left to their clients, ` +
      `${searches.cancelled} called off, ${searches.failed} failed, ${searches.running} running`,
    `ends        ${end}`,
    ...report.trees.map((tree) => `tree        ${tree}`),
    ...Object.entries(report.service).map(([name, value]) => `${name.padEnd(11)} ${shown(value)}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}
