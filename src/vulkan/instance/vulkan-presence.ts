/**
 * Whether asking Vulkan for a hardware GPU can be worth it, told from file names alone: opening the loader costs tens
 * of milliseconds, and most machines without a GPU have its packages installed.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Drivers that run on the CPU, by the names of their manifests. */
const SOFTWARE_MANIFEST = /lvp|lavapipe|swiftshader|swrast/i;
/** Device files that GPUs are reached by: Linux's own, NVIDIA's, Windows' (in WSL), and some of embedded systems. */
const DEVICE_FILES: readonly (readonly [folder: string, name: RegExp])[] = [
  ["dri", /^(?:renderD|card)\d/],
  ["", /^(?:nvidia\d+|nvidiactl|dxg|mali\d*|kgsl-3d\d+|nvhost-gpu|nvgpu|pvr_sync)$/],
];

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Why there can be no hardware Vulkan device here, or undefined where there may be one.
 * @param root in the place of "/", for tests
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

/** The manifests that the Vulkan loader would read, in no order. */
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

/** A manifest, or those in a folder. */
function manifestsAt(path: string): string[] {
  if (path.endsWith(".json")) return [path];
  return entries(path)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(path, name));
}

const listOf = (paths: string | undefined): string[] =>
  (paths ?? "").split(":").filter((path) => path !== "");

/** Names in a folder; none where it is not there or may not be read, which for drivers is the same. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
