/** Unknown file types, against ripgrep. The list of types is compared in test/cli/walk.test.ts. */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import { expect, test } from "vitest";
import { typeListLines } from "./types.ts";

test("--type-list refuses a type that does not exist, as ripgrep does", () => {
  for (const kind of ["select", "negate"] as const) {
    const flag = kind === "select" ? "--type=nosuchtype" : "--type-not=nosuchtype";
    const { status, stderr } = spawnSync(rgPath, ["--no-config", flag, "--type-list"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([2, "rg: unrecognized file type: nosuchtype\n"]);
    expect(() => typeListLines([{ kind, name: "nosuchtype" }])).toThrow("unrecognized file type: nosuchtype");
  }
});
