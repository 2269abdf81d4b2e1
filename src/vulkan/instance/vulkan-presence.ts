/**
 * Whether a hardware Vulkan device is possible here, from file names alone. Opening the Vulkan loader takes tens of
 * milliseconds. Most machines without a GPU still have the loader's packages installed.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Matches manifests of drivers that run on the CPU. */
const SOFTWARE_MANIFEST = /lvp|lavapipe|swiftshader|swrast/i;
/** Device files of GPUs: Linux's own, NVIDIA's, those of Windows in WSL, and those of some embedded systems. */
const DEVICE_FILES: readonly (readonly [folder: string, name: RegExp])[] = [
  ["dri", /^(?:renderD|card)\d/],
  ["", /^(?:nvidia\d+|nvidiactl|dxg|mali\d*|kgsl-3d\d+|nvhost-gpu|nvgpu|pvr_sync)$/],
];

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Why there is no hardware Vulkan device here; undefined if there may be one.
 * @param root replaces "/" in tests
 */
export function whyNoHardware(env: Variables = process.env, root = "/"): string | undefined {
  const manifests = driverManifests(env, root);
  if (manifests.length === 0) return "no Vulkan driver found";
  if (manifests.every((path) => SOFTWARE_MANIFEST.test(basename(path))))
    return "only a software Vulkan driver found";
  const hasDevice = DEVICE_FILES.some(([folder, name]) =>
    entries(join(root, "dev", folder)).some((entry) => name.test(entry)),
  );
  return hasDevice ? undefined : "no GPU found";
}

/** The manifests that the Vulkan loader would read, in any order. */
export function driverManifests(env: Variables, root = "/"): string[] {
  const added = listOf(env["VK_ADD_DRIVER_FILES"]);
  const named = listOf(env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"]);
  if (named.length > 0) return named.flatMap(manifestsAt);
  const home = env["HOME"];
  const folders = [
    ...listOf(env["XDG_CONFIG_HOME"] ?? (home === undefined ? "" : join(home, ".config"))),
    ...listOf(env["XDG_CONFIG_DIRS"] ?? join(root, "etc/xdg")),
    join(root, "etc"),
    ...listOf(env["XDG_DATA_HOME"] ?? (home === undefined ? "" : join(home, ".local/share"))),
    ...listOf(env["XDG_DATA_DIRS"]),
    join(root, "usr/local/share"),
    join(root, "usr/share"),
  ];
  return [
    ...added.flatMap(manifestsAt),
    ...folders.flatMap((folder) => manifestsAt(join(folder, "vulkan", "icd.d"))),
  ];
}

/** The manifest at a path, or all manifests in a folder. */
function manifestsAt(path: string): string[] {
  if (path.endsWith(".json")) return [path];
  return entries(path)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(path, name));
}

const listOf = (paths: string | undefined): string[] =>
  (paths ?? "").split(":").filter((path) => path !== "");

/** The names in a folder. Empty if the folder does not exist or may not be read; to a driver both are the same. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
