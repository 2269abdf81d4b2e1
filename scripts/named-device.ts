/** The device of scripts that test: what EVERWARP_TEST_DEVICE names, else the best one, a software one too. */
import { Device, listDevices } from "../src/vulkan/index.ts";

/** Opens it. */
export function openNamedDevice(): Device {
  const named = process.env["EVERWARP_TEST_DEVICE"];
  const select = named === undefined ? listDevices()[0]?.index : named;
  return Device.open({ allowSoftware: true, ...(select === undefined ? {} : { select }) });
}
