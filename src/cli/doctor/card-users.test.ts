import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { cardUsers } from "./card-users.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-users-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function addProcess(id: number | string, name: string, files: readonly string[]): void {
  mkdirSync(path.join(folder, String(id), "fd"), { recursive: true });
  writeFileSync(path.join(folder, String(id), "comm"), `${name}\n`);
  for (const [index, file] of files.entries())
    symlinkSync(file, path.join(folder, String(id), "fd", `${index}`));
}

it("lists the programs that have a device file of a GPU open, but the one that asks", () => {
  addProcess(300, "python3", ["/dev/null", "/dev/nvidia0", "/dev/nvidiactl"]);
  addProcess(20, "compositor", ["/dev/dri/renderD128"]);
  addProcess(21, "shell", ["/dev/pts/0", "/home/dev/nvidia0"]);
  // Opened by whoever asks which cards there are.
  addProcess(22, "monitor", ["/dev/nvidiactl"]);
  addProcess(400, "node", ["/dev/nvidia0"]);
  addProcess("self", "node", ["/dev/nvidia0"]);
  mkdirSync(path.join(folder, "23")); // may not be seen
  expect(cardUsers(400, folder)).toEqual([
    { process: 20, name: "compositor" },
    { process: 300, name: "python3" },
  ]);
});

it("finds nobody where the system shows no processes", () => {
  expect(cardUsers(1, path.join(folder, "nothing"))).toEqual([]);
});
