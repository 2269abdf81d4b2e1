/** GPUs that are there and that this user may not open: drivers then act as if there were none, and say nothing. */

import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EverwarpError } from "../../base/index.ts";

/** Throws when a device node exists that this user may not open: the likely reason why no device was found. */
export function assertNodesOpen(): void {
  const forbidden = forbiddenNodes();
  if (forbidden.length === 0) return;
  throw new EverwarpError("EW_DEVICE_FORBIDDEN", `this user may not open ${forbidden.join(", ")}`, {
    remedy: "Add the user to the group that owns it (often render or video) and log in again.",
  });
}

/**
 * Device nodes of GPUs that may not be opened.
 *
 * @param folder where device nodes lie
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
    return false; // every reason for a refusal means the same here
  }
}
