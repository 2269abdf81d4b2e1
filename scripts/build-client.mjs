// Makes the native client that the published package has ready made: client/prebuilt/linux-x64/ew, without any library
// of the system, so that it runs on every Linux. `npm pack` and `npm publish` run this. A machine without a compiler
// packs without it, and `everwarp client install` compiles it then; but nothing is published so.
// `--remove` takes it away after packing: in a clone it would get older than its source.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const output = path.join(root, "client", "prebuilt", "linux-x64", "ew");
const source = path.join(root, "client", "everwarp.c");
const flags = ["-Os", "-static", "-s", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wl,--gc-sections"];

rmSync(path.join(root, "client", "prebuilt"), { recursive: true, force: true });
if (process.argv.includes("--remove")) process.exit(0);
if (process.platform !== "linux" || process.arch !== "x64") endWithout(["this machine is no Linux on x64"]);
mkdirSync(path.dirname(output), { recursive: true });
const failures = [];
// With musl, the program has a tenth of the size.
for (const compiler of ["musl-gcc", "cc"]) {
  const { status, error, stderr } = spawnSync(compiler, [...flags, "-o", output, source], {
    encoding: "utf8",
  });
  if (status === 0) {
    console.error(`everwarp: the native client, by ${compiler}: ${statSync(output).size} bytes`);
    process.exit(0);
  }
  failures.push(`${compiler}: ${error?.message ?? stderr}`);
}
endWithout(failures);

function endWithout(reasons) {
  rmSync(path.join(root, "client", "prebuilt"), { recursive: true, force: true });
  console.error("everwarp: the native client is not made ready, and will be compiled where it is installed.");
  for (const reason of reasons) console.error(reason);
  process.exit(process.env["npm_command"] === "publish" ? 1 : 0);
}
