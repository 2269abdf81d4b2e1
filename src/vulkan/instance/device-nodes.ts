/** Finds GPUs that this user may not open. Drivers hide such GPUs without an error. */

import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EverwarpError } from "../../base/index.ts";

/** Throws if there is a device node that this user may not open. That is the likely reason if no device was found. */
export function assertNodesOpen(): void {
  const forbidden = forbiddenNodes();
  if (forbidden.length === 0) return;
  throw new EverwarpError("EW_DEVICE_FORBIDDEN", `this user may not open ${forbidden.join(", ")}`, {
    remedy: "Add the user to the group that owns it (often render or video) and log in again.",
  });
}

/**
 * Device nodes of GPUs that this user may not open.
 *
 * @param folder the folder with the device nodes
 * @param mayOpen whether this user may read and write a node
 */
export function forbiddenNodes(
  folder = "/dev",
  mayOpen: (path: string) => boolean = mayReadAndWrite,
): string[] {
  const dri = join(folder, "dri");
  const render = existsSync(dri) ? readdirSync(dri).filter((name) => name.startsWith("renderD")) : [];
  const nvidia = ["nvidiactl", "nvidia0"].filter((name) => existsSync(join(folder, name)));
  const nodes = [...render.map((name) => join(dri, name)), ...nvidia.map((name) => join(folder, name))];
  return nodes.filter((path) => !mayOpen(path));
}

function mayReadAndWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false; // the reason for the refusal does not matter
  }
}
