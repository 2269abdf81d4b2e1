/**
 * `--device` in the form of the Vulkan layer. Here, `auto` is a hardware GPU, because the host is measured
 * anyway.
 */
export function deviceSelection(device: string): string | number {
  return /^\d+$/.test(device) ? Number(device) : device === "auto" ? "gpu" : device;
}
