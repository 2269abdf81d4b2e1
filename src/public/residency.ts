/** `everwarp/residency`: kernels of your own that stay on a GPU and answer calls, and the structs that they exchange. */
export * from "./errors.ts";
export { Device, listDevices } from "../vulkan/index.ts";
export { openProfiledDevice, ResidentKernel, STRATEGY_NAMES, type StrategyName } from "../residency/index.ts";
export { array, doc, f32, i32, type Infer, padding, struct, u32, u64 } from "../schema/index.ts";
