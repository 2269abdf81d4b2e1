/** What `npm test` says before it installs a driver; apt and sudo are played. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "everwarp-apt-"));
afterAll(() => rmSync(folder, { recursive: true }));

const program = (name: string, script: string): void =>
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}`, { mode: 0o755 });

it("names every package, also those that others depend on, before it installs any", ({ skip }) => {
  skip(!existsSync("/usr/bin/apt-get"), "nothing is installed where there is no apt");
  const log = join(folder, "log");
  program(
    "apt-get",
    `case "$*" in
  *--simulate*) echo "Inst python3 (3.11 Debian)"; echo "Inst mesa-vulkan-drivers (22.3 Debian)"; echo "Conf python3";;
  *) echo "RUN apt-get $*"; echo "$*" >> ${log};;
esac`,
  );
  program("sudo", 'shift; exec "$@"');
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { installDriver } from ${JSON.stringify(join(import.meta.dirname, "software-driver.mjs"))};
       installDriver((message) => { console.log("failed: " + message); process.exit(1); });`,
    ],
    { encoding: "utf8", env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}` } },
  );
  expect([status, stdout]).toEqual([0, expect.stringContaining("RUN apt-get install") as string]);
  const said = stdout.slice(0, stdout.indexOf("RUN apt-get install"));
  for (const name of ["libvulkan1", "mesa-vulkan-drivers", "vulkan-validationlayers", "python3"])
    expect(said).toContain(name);
  // What is asked for is what was announced.
  const installed = [...readFileSync(log, "utf8").matchAll(/^install .*--no-install-recommends (.*)$/gm)];
  for (const name of installed.flatMap(([, names = ""]) => names.split(" "))) expect(said).toContain(name);
  expect(installed).toHaveLength(2);
});
