// Packages of Debian for the tests: downloaded and unpacked into the cache, never installed. Needs no root.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** The code name of the release, as "bookworm"; undefined where this is not Debian, or apt is not there. */
export function debianRelease() {
  if (!existsSync("/etc/os-release") || !existsSync("/usr/bin/apt-get")) return undefined;
  const release = readFileSync("/etc/os-release", "utf8");
  return /^ID=debian$/m.test(release) ? /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] : undefined;
}

/** A folder of the user's cache. */
export function cacheFolder(name) {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "everwarp", name);
}

/**
 * Fills a folder of the cache. It gets its name when it is complete, so that one that was left half done, or that
 * another run is filling, is never used.
 *
 * @param fill gets a new folder, an `apt-get` with package lists of its own, so that the system's configuration
 *   stays as it is, and the folder that it downloads to
 * @param sources what apt may download from: kind and suite, as "deb-src bookworm"
 */
export function fillCache(cache, release, sources, fill) {
  const made = `${cache}.${process.pid}`;
  const apt = path.join(made, "apt");
  try {
    for (const folder of ["lists/partial", "archives/partial"])
      mkdirSync(path.join(apt, folder), { recursive: true });
    const { uri, keyring } = debianMirror(release);
    writeFileSync(
      path.join(apt, "sources.list"),
      sources
        .map((source) => source.split(" "))
        .map(([kind, suite]) => `${kind} [signed-by=${keyring}] ${uri} ${suite} main\n`)
        .join(""),
    );
    const options = [
      `Dir::Etc::SourceList=${apt}/sources.list`,
      "Dir::Etc::SourceParts=/dev/null",
      `Dir::State::Lists=${apt}/lists`,
      `Dir::Cache=${apt}`,
      "APT::Sandbox::User=root",
    ].flatMap((option) => ["-o", option]);
    const aptGet = (words) => runApt([...options, ...words], apt);
    aptGet(["update", "-qq"]);
    fill(made, aptGet, apt);
    rmSync(apt, { recursive: true });
    rmSync(cache, { recursive: true, force: true });
    renameSync(made, cache);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

function runApt(words, folder) {
  const { status, stderr } = spawnSync("apt-get", words, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "inherit", "pipe"],
  });
  if (status !== 0) throw new Error(`apt-get: ${/^E: .*/m.exec(stderr)?.[0] ?? stderr.trim()}`);
}

/** The only file of a folder whose name ends so. */
export function fileEnding(folder, end) {
  const name = readdirSync(folder).find((each) => each.endsWith(end));
  if (name === undefined) throw new Error(`apt-get left no file *${end}`);
  return path.join(folder, name);
}

/** The mirror that this machine's own sources name for the release, and the keys that sign it. */
function debianMirror(release) {
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : []),
  ];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const found = mirrorIn(readFileSync(file, "utf8"), release);
    if (found !== undefined) return { keyring: "/usr/share/keyrings/debian-archive-keyring.gpg", ...found };
  }
  throw new Error("no mirror is named in the apt sources");
}

/** Reads sources in both of apt's forms: a line, and a paragraph of fields. */
export function mirrorIn(text, release) {
  const line = new RegExp(`^deb\\s+(?:\\[([^\\]]*)\\]\\s+)?(\\S+)\\s+${release}\\s`, "m").exec(text);
  if (line) return { uri: line[2], ...keyringIn(/signed-by=(\S+)/i.exec(line[1] ?? "")) };
  const paragraph = text
    .split(/\n\s*\n/)
    .find(
      (part) =>
        new RegExp(`^Suites:.*\\b${release}\\b`, "m").test(part) &&
        /^URIs:\s*(\S+)/m.test(part) &&
        !/security/.test(part),
    );
  if (paragraph === undefined) return undefined;
  return {
    uri: /^URIs:\s*(\S+)/m.exec(paragraph)[1],
    ...keyringIn(/^Signed-By:\s*(\/\S+)/m.exec(paragraph)),
  };
}

function keyringIn(match) {
  return match === null ? {} : { keyring: match[1] };
}
