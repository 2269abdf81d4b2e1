// Finds or installs software Vulkan drivers for the tests; used by `npm test` alone.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, debianRelease, fileEnding, fillCache } from "./debian-packages.mjs";

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
  const release = debianRelease();
  if (release !== "bookworm")
    return { reason: "a newer Mesa is only known for Debian 12 (bookworm-backports)" };

  const cache = cacheFolder("mesa-backports");
  const driver = path.join(cache, "usr/lib/x86_64-linux-gnu/libvulkan_lvp.so");
  const file = path.join(cache, "lavapipe.json");
  if (!existsSync(driver)) {
    const suite = `${release}-backports`;
    console.log(
      `Downloading mesa-vulkan-drivers from ${suite} and unpacking it below ${cache}; it is not installed.`,
    );
    try {
      fillCache(cache, release, [`deb ${suite}`], (made, apt, downloads) => {
        apt(["download", "-qq", `mesa-vulkan-drivers/${suite}`]);
        execFileSync("dpkg", ["-x", fileEnding(downloads, ".deb"), made]);
      });
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
