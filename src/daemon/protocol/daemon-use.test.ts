import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { daemonUse } from "./daemon-use.ts";
import { runtimeFolder, whyNotPrivate } from "./runtime-folder.ts";
import { sentVariables } from "./variables.ts";

it.each<[string[], string | undefined, string]>([
  [[], undefined, "running"],
  [[], "auto", "auto"],
  [[], "off", "off"],
  [[], "nonsense", "running"],
  [["--daemon", "auto"], "off", "auto"],
  [["--daemon=off", "x"], "auto", "off"],
  [["--daemon=off", "--daemon", "running"], undefined, "running"],
  [["--daemon"], "auto", "auto"],
  [["--", "--daemon=off"], "auto", "auto"],
  [["--daemon=auto"], "never", "off"],
])("%j with EVERWARP_DAEMON=%s means %s", (argv, variable, use) => {
  expect(daemonUse(argv, { EVERWARP_DAEMON: variable })).toBe(use);
});

it("sends the variables of a search, and nothing else of the environment", () => {
  expect(
    sentVariables({
      HOME: "/h",
      SECRET: "s",
      GIT_CONFIG_GLOBAL: "g",
      EVERWARP_X: "1",
      TERMINFO: "t",
      TERM: "x",
    }),
  ).toEqual({ HOME: "/h", GIT_CONFIG_GLOBAL: "g", EVERWARP_X: "1", TERM: "x" });
});

it("the place is in XDG_RUNTIME_DIR, or in /tmp with the user's number; relative values count as none", () => {
  expect(runtimeFolder({ XDG_RUNTIME_DIR: "/run/user/7" }).socket).toBe("/run/user/7/everwarp/daemon.socket");
  const own = `/tmp/everwarp-${process.geteuid?.()}/daemon.socket`;
  expect(runtimeFolder({}).socket).toBe(own);
  expect(runtimeFolder({ XDG_RUNTIME_DIR: "run" }).socket).toBe(own);
});

it("believes a folder of this user that is closed to all others, and no other", () => {
  const root = mkdtempSync(join(tmpdir(), "everwarp-private-"));
  mkdirSync(join(root, "good"), { mode: 0o700 });
  mkdirSync(join(root, "open"), { mode: 0o755 });
  symlinkSync("good", join(root, "link"));
  try {
    expect(whyNotPrivate(join(root, "good"))).toBeUndefined();
    expect(whyNotPrivate(join(root, "none"))).toBe("absent");
    expect(whyNotPrivate(join(root, "open"))).toBe("its mode is 755");
    expect(whyNotPrivate(join(root, "link"))).toBe("it is not a folder");
  } finally {
    rmSync(root, { recursive: true });
  }
});
