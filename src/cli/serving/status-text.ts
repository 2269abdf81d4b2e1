/** The state of a daemon, for people. */
import type { DaemonReport, ResidentTreesStats } from "../../daemon/index.ts";

/** A few lines: what it is, what it holds, and what it has done. */
export function statusText(report: DaemonReport): string {
  const { searches, idleMinutes } = report;
  const held = report.service as ResidentTreesStats; // what a daemon of this version serves with
  const end =
    idleMinutes === undefined ? "when it is told to" : `after ${idleMinutes} minutes without a search`;
  const lines = [
    `everwarp ${report.version}, process ${report.processId}, since ${report.startedAt}`,
    ...report.trees.map((tree) => `tree        ${tree}`),
    `memory      ${mebibytes(report.residentBytes)} MiB, of which texts take ${mebibytes(held.memoryBytes)} MiB`,
    `loaded      ${counted(held.files, "file")}, below what was searched:`,
    ...held.trees.map((tree) => `            ${tree}`),
    `changes     ${counted(held.watches, "folder")} watched, ${held.polledDirectories} compared with the disk, ` +
      `${counted(held.overflows, "time")} too many at once`,
    `searches    ${searches.answered} answered, ${searches.declined} left to their clients, ` +
      `${searches.cancelled} called off, ${searches.failed} failed, ${searches.running} running`,
    `            ${held.fromMemory} from memory, for which ${counted(held.filesReadFromDisk, "file")} were read, ` +
      `and ${held.fromDisk} from disk`,
    ...held.degraded.map((reason) => `slow        ${reason}`),
    `ends        ${end}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const mebibytes = (bytes: number): string => String(Math.round(bytes / 2 ** 20));
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
