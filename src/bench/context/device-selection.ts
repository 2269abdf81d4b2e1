/** `--device` as the Vulkan layer takes it; here `auto` is a hardware GPU, as the host is measured anyway. */
export function deviceSelection(device: string): string | number {
  return /^\d+$/.test(device) ? Number(device) : device === "auto" ? "gpu" : device;
}
