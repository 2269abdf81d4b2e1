// The specification's scripts for WebAssembly and the program that translates them, from Debian's packages.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { cacheFolder, debianRelease, fileEnding, fillCache } from "./debian-packages.mjs";

/** Other releases have other versions: their scripts differ from what test/support/wasm-spec knows. */
const RELEASE = "bookworm";

/**
 * Finds the scripts in the source of Debian's package `binaryen`, and `wast2json` of its package `wabt`; downloads both
 * when they are wanted for the first time.
 *
 * @returns {{ folder?: string, wast2json?: string, reason?: string }}
 */
export function findSpecSuite() {
  const release = debianRelease();
  if (release !== RELEASE)
    return { reason: "its scripts are only known for Debian 12, where apt downloads them" };
  const cache = cacheFolder("wasm-spec");
  const folder = path.join(cache, "test/spec");
  const wast2json = path.join(cache, "usr/bin/wast2json");
  if (!existsSync(folder) || !existsSync(wast2json)) {
    console.log(
      `Downloading binaryen's source and the package wabt, and unpacking them below ${cache}; they are not installed.`,
    );
    try {
      fillCache(cache, release, [`deb-src ${RELEASE}`, `deb ${RELEASE}`], unpack);
    } catch (error) {
      return { reason: `the packages could not be had (${error.message.split("\n")[0]})` };
    }
  }
  return { folder, wast2json };
}

function unpack(made, apt, downloads) {
  apt(["source", "-qq", "--download-only", "binaryen"]);
  apt(["download", "-qq", "wabt"]);
  const source = fileEnding(downloads, ".orig.tar.gz");
  execFileSync("tar", ["-xzf", source, "-C", made, "--strip-components=1", "--wildcards", "*/test/spec/*"]);
  execFileSync("dpkg", ["-x", fileEnding(downloads, ".deb"), made]);
}
