/**
 * Process tokens: a unique name of a process, and whether that process is gone. Files carry the token of their owner.
 *
 *     <machine or container>.<its boot>.<process>.<the process's start>
 *
 * A process id alone is not enough: the system reuses it, and it has no meaning on the other machines of a shared
 * folder.
 */

import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** When a file of another machine counts as abandoned: this machine cannot ask whether its process lives. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000;

/** The form of a token: letters, digits and dots, so that it can be part of a file name. */
export const TOKEN_PATTERN = /^[0-9a-f]{12}\.[0-9a-f]{8}\.\d+\.\d+$/;

let ownToken: string | undefined;

/** This process's own token. */
export function processToken(): string {
  ownToken ??= `${machine()}.${boot()}.${process.pid}.${startOf("self") ?? 0}`;
  return ownToken;
}

/**
 * Whether a process is certainly, or almost certainly, gone.
 *
 * @param token the result of `processToken` in that process
 * @param ageMs age of the process's file. Decides for processes of other machines. May be negative if a clock was set
 * back
 */
export function isGone(token: string, ageMs: number): boolean {
  if (token === processToken()) return false;
  const [itsMachine, itsBoot, pid, start] = token.split(".");
  if (itsMachine !== machine()) return Math.abs(ageMs) > FOREIGN_AGE_MS;
  if (itsBoot !== boot()) return true;
  if (!isAlive(Number(pid))) return true;
  const startNow = startOf(pid ?? "");
  return startNow !== undefined && start !== "0" && start !== String(startNow);
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false; // 0 and below would mean process groups
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"; // EPERM: the process lives and belongs to another user
  }
}

let ownMachine: string | undefined;

/** Identifies the machine and the container: process ids are comparable only within both. */
function machine(): string {
  ownMachine ??= digits(12, `${hostname()} ${textOf(() => readlinkSync("/proc/self/ns/pid"))}`);
  return ownMachine;
}

let ownBoot: string | undefined;

function boot(): string {
  ownBoot ??= digits(
    8,
    textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
  );
  return ownBoot;
}

/** The start of a process in kernel ticks since boot; undefined if the system does not tell. */
function startOf(pid: string): number | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is the program's name in brackets, which may contain any characters.
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

/** The content of a file of /proc; empty if there is no /proc. Names and ages must suffice then. */
function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function digits(count: number, text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, count);
}
