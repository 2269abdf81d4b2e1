/**
 * Who a file belongs to: the name of a process that no other process ever has, and whether that process is gone.
 *
 *     <machine or container>.<its boot>.<process>.<the process's start>
 *
 * A process identifier alone would not do: it is given away again, and means nothing on the other machines of a shared
 * folder.
 */

import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** When something of another machine counts as left behind: nobody here can ask whether its process lives. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000;

/** What a token looks like: letters, digits and dots, so that it can be part of a file's name. */
export const TOKEN_PATTERN = /^[0-9a-f]{12}\.[0-9a-f]{8}\.\d+\.\d+$/;

let ownToken: string | undefined;

/** This process's own token. */
export function processToken(): string {
  ownToken ??= `${machine()}.${boot()}.${process.pid}.${startOf("self") ?? 0}`;
  return ownToken;
}

/**
 * Whether a process is certainly, or as good as certainly, gone.
 *
 * @param token what `processToken` gave there
 * @param ageMs how old its file is; decides for processes of other machines, and may be negative after a clock was set
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
  if (!Number.isSafeInteger(pid) || pid <= 0) return false; // 0 and below would ask about whole groups
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"; // EPERM: it lives, and belongs to someone else
  }
}

let ownMachine: string | undefined;

/** Where process identifiers mean the same: this machine, and in it this container. */
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

/** When a process began, in the kernel's ticks since the boot; undefined where the system does not tell. */
function startOf(pid: string): number | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is the program's name in brackets, and may hold anything.
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

/** What /proc says; nothing where there is none, and then names and ages must do. */
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
