/** Opens the device of a namespace, if the choice is not the host. The rules of the choice are those of src/engine. */
import { type BackendChoice, openBackend } from "../engine/index.ts";
import type { PathsBackend, TableImage } from "./contracts.ts";

/** What a namespace runs on. */
export interface OpenedDevice {
  /** Undefined if the host answers. */
  readonly backend: PathsBackend | undefined;
  /** Name of the device, for people. */
  readonly device: string | undefined;
  readonly strategy: string | undefined;
  /** Why `auto` took the host. */
  readonly fallbackReason: string | undefined;
}

const HOST = { backend: undefined, device: undefined, strategy: undefined };

/** Opens what the choice says. @throws as `openBackend` of src/engine; EW_OUT_OF_DEVICE_MEMORY */
export async function openDeviceBackend(image: TableImage, choice: BackendChoice): Promise<OpenedDevice> {
  const { backend: opened, fallbackReason } = await openBackend<Omit<OpenedDevice, "fallbackReason">>(
    choice,
    {
      openHost: () => HOST,
      openDevice: async (request) => {
        const { DevicePathsBackend } = await import("./gpu/device-backend.ts");
        const backend = await DevicePathsBackend.open(image, request);
        return { backend, device: backend.device.info.name, strategy: backend.strategyName };
      },
    },
  );
  return { ...opened, fallbackReason };
}
