/** Vulkan calls: the commands of the system loader, what their results mean, and how their numbers are read. */
export { checkResult, injectedResult, resultName } from "./check-result.ts";
export {
  apiVersionText,
  type DeviceType,
  deviceTypeOf,
  driverIdName,
  hexOf,
  type MemoryProperties,
  memoryPropertiesOf,
  packApiVersion,
  type SubgroupOperation,
  subgroupOperationsOf,
} from "./conversions.ts";
export { callAsync, deviceCommand, extensionCommand, vulkan } from "./loader.ts";
