/** The tools of Debian's package spirv-tools, where they are installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** Why tests that need a tool are skipped; undefined where it is there. */
export function missingTool(name: string): string | undefined {
  const isThere = spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined;
  return isThere ? undefined : `${name} is missing: apt-get install spirv-tools glslang-tools`;
}

/** What a body makes of a folder, which is removed. */
function inFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(os.tmpdir(), "spirv-"));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TARGET = ["--target-env=vulkan1.2", "--scalar-block-layout"];

/** The module as spirv-opt makes it. @param flags such as `-O` */
export function optimised(spirv: Uint32Array, ...flags: readonly string[]): Uint32Array {
  return inFolder((folder) => {
    const [from, to] = [path.join(folder, "a.spv"), path.join(folder, "b.spv")];
    writeFileSync(from, spirv);
    execFileSync("spirv-opt", [...flags, ...TARGET, from, "-o", to]);
    return new Uint32Array(new Uint8Array(readFileSync(to)).buffer);
  });
}

/** What spirv-val says of a module; empty for a valid one. */
export function complaints(spirv: Uint32Array): string {
  return inFolder((folder) => {
    const file = path.join(folder, "a.spv");
    writeFileSync(file, spirv);
    const { stdout, stderr, status } = spawnSync(
      "spirv-val",
      ["--target-env", "vulkan1.2", "--scalar-block-layout", file],
      { encoding: "utf8" },
    );
    return status === 0 ? "" : stdout + stderr;
  });
}

/** A text as Khronos's own compiler compiles and optimises it. @param text GLSL without includes */
export function compiledByKhronos(text: string, ...flags: readonly string[]): Uint32Array {
  return inFolder((folder) => {
    const [from, to] = [path.join(folder, "a.comp"), path.join(folder, "b.spv")];
    writeFileSync(from, text);
    execFileSync("glslangValidator", ["-V", "--target-env", "vulkan1.2", ...flags, from, "-o", to]);
    return new Uint32Array(new Uint8Array(readFileSync(to)).buffer);
  });
}
