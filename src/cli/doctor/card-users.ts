/** Which programs have a GPU open: those whose open files this user may see (all of them for root). */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Device files that a program opens to run something on a GPU. */
const DEVICE_FILE = /^\/dev\/(?:nvidia\d+|dri\/renderD\d+|kfd|dxg)$/;

/** A program that has a device file of a card open. */
export interface CardUser {
  readonly process: number;
  /** What the system calls the program. */
  readonly name: string;
}

/**
 * @param own left out, as it is the one that asks
 * @param processFolder where the system shows its processes
 */
export function cardUsers(own = process.pid, processFolder = "/proc"): CardUser[] {
  const users: CardUser[] = [];
  for (const entry of listed(processFolder)) {
    const id = Number(entry);
    if (!Number.isSafeInteger(id) || id === own) continue;
    const folder = `${processFolder}/${entry}`;
    if (!listed(`${folder}/fd`).some((file) => DEVICE_FILE.test(target(`${folder}/fd/${file}`)))) continue;
    users.push({ process: id, name: nameOf(folder) });
  }
  return users.toSorted((a, b) => a.process - b.process);
}

/** Processes end while they are looked at, and those of other users may not be seen: both are left out. */
function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function nameOf(folder: string): string {
  try {
    return readFileSync(`${folder}/comm`, "utf8").trim();
  } catch {
    return "a program that has ended";
  }
}
