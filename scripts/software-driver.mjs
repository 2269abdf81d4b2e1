// Finds or installs software Vulkan drivers for the tests; used by `npm test` alone.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const PACKAGES = ["libvulkan1", "mesa-vulkan-drivers"];
/** Catches misuse of the API in the device tests; they run without it too. */
const WISHED = ["vulkan-validationlayers"];

/**
 * Says what the distribution's software driver and all that it needs are, and installs them; or calls `fail` with what
 * to install.
 */
export function installDriver(fail) {
  const remedy =
    `Install a Vulkan driver: on Debian or Ubuntu \`apt-get install ${PACKAGES.join(" ")}\`, ` +
    "on Fedora `dnf install vulkan-loader mesa-vulkan-drivers`, on Arch `pacman -S vulkan-icd-loader vulkan-swrast`.";
  if (!existsSync("/usr/bin/apt-get"))
    fail(`no Vulkan driver was found, and this is neither Debian nor Ubuntu. ${remedy}`);
  const prefix = process.getuid() === 0 ? [] : ["sudo", "-n"];
  if (prefix.length > 0 && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status !== 0) {
    fail(
      `no Vulkan driver was found, and neither root nor password-less sudo is at hand to install one. ${remedy}`,
    );
  }
  console.log(
    `No Vulkan driver was found. Installing ${PACKAGES.join(" and ")} for the kernels, ` +
      `and ${WISHED.join(" and ")} to check how the API is used.`,
  );
  const run = (words) =>
    spawnSync([...prefix, ...words][0], [...prefix, ...words].slice(1), {
      stdio: "inherit",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  run(["apt-get", "update", "-qq"]);
  const added = packagesAdded([...PACKAGES, ...WISHED]) ?? packagesAdded(PACKAGES);
  if (added !== undefined) {
    console.log(`With what they depend on, these packages are new on this system: ${added.join(" ")}`);
    if (added.includes("python3"))
      console.log("(python3 comes with mesa-vulkan-drivers, which depends on it.)");
  }
  if (!run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", ...PACKAGES]))
    fail(`the driver could not be installed. ${remedy}`);
  if (!run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", ...WISHED])) {
    console.log(`${WISHED.join(" ")} could not be installed: the device tests run without validation.`);
  }
}

/** What apt would install for these packages, without installing anything; undefined where it cannot. */
function packagesAdded(packages) {
  const { status, stdout } = spawnSync(
    "apt-get",
    ["install", "--simulate", "--no-install-recommends", ...packages],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  if (status !== 0) return undefined;
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
}

/**
 * A second software driver, where the installed one is a Mesa before 25.0 (its shaders' loops end after 65,535 rounds,
 * so nothing can stay resident there): Mesa from the backports suite, unpacked into the cache and chosen with
 * VK_DRIVER_FILES; nothing is installed.
 *
 * @returns {{ file?: string, name?: string, reason?: string }}
 */
export function findSecondDriver(devices) {
  const software = devices.find((device) => /^Mesa (\d+)/.test(device.driverInfo) && device.type === "cpu");
  if (software === undefined) return { reason: "the first one is no software driver of Mesa's" };
  if (Number(/^Mesa (\d+)/.exec(software.driverInfo)[1]) >= 25)
    return { reason: `${software.driverInfo} has no loop limit already` };
  const release = readFileSync("/etc/os-release", "utf8");
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  if (!/^ID=debian$/m.test(release) || codename !== "bookworm")
    return { reason: "a newer Mesa is only known for Debian 12 (bookworm-backports)" };

  const cache = path.join(
    process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
    "everwarp",
    "mesa-backports",
  );
  const driver = path.join(cache, "usr/lib/x86_64-linux-gnu/libvulkan_lvp.so");
  const file = path.join(cache, "lavapipe.json");
  if (!existsSync(driver)) {
    try {
      unpackBackport(cache, codename);
    } catch (error) {
      return { reason: `the backports suite gave no driver (${error.message.split("\n")[0]})` };
    }
  }
  writeFileSync(
    file,
    JSON.stringify({ ICD: { api_version: "1.3.0", library_path: driver }, file_format_version: "1.0.0" }),
  );
  return { file, name: "Mesa from bookworm-backports" };
}

/** Downloads one package with package lists of its own, so that the system's apt configuration stays as it is. */
function unpackBackport(cache, codename) {
  console.log(
    `Downloading mesa-vulkan-drivers from ${codename}-backports and unpacking it below ${cache}; it is not installed.`,
  );
  const apt = path.join(cache, "apt");
  for (const directory of ["lists/partial", "archives/partial"])
    mkdirSync(path.join(apt, directory), { recursive: true });
  const mirror = debianMirror(codename);
  writeFileSync(
    path.join(apt, "sources.list"),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${codename}-backports main\n`,
  );
  const options = [
    `Dir::Etc::SourceList=${apt}/sources.list`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${apt}/lists`,
    `Dir::Cache=${apt}`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  execFileSync("apt-get", [...options, "update", "-qq"], { stdio: ["ignore", "inherit", "pipe"] });
  execFileSync("apt-get", [...options, "download", "-qq", `mesa-vulkan-drivers/${codename}-backports`], {
    cwd: apt,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const packageFile = readdirSync(apt).find((name) => name.endsWith(".deb"));
  if (packageFile === undefined) throw new Error("apt-get download left no package");
  execFileSync("dpkg", ["-x", path.join(apt, packageFile), cache]);
}

/** The mirror that this machine's own sources name for the release. */
function debianMirror(codename) {
  const directory = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(directory) ? readdirSync(directory).map((name) => path.join(directory, name)) : []),
  ];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    const line = new RegExp(`^deb\\s+(?:\\[[^\\]]*\\]\\s+)?(\\S+)\\s+${codename}\\s`, "m").exec(text);
    if (line) return line[1];
    const stanza = text
      .split(/\n\s*\n/)
      .find(
        (part) =>
          new RegExp(`^Suites:.*\\b${codename}\\b`, "m").test(part) &&
          /^URIs:\s*(\S+)/m.test(part) &&
          !/security/.test(part),
      );
    if (stanza) return /^URIs:\s*(\S+)/m.exec(stanza)[1];
  }
  throw new Error("no mirror is named in the apt sources");
}
