/** Which engine a fleet runs on. */
import { EverwarpError } from "../../base/index.ts";
import { type DeviceChoice, openBackend } from "../../engine/index.ts";
import type { FleetBackend, FleetRequest } from "../contracts.ts";
import { HostBackend } from "../host/index.ts";

/** A backend, and why it is the host where it stands in for a device. */
export interface OpenedFleet {
  readonly backend: FleetBackend;
  readonly engine: "device" | "host";
  readonly fallbackReason: string | undefined;
}

/**
 * Opens a backend. A module that kernels cannot run goes to the host, unless a device was named.
 * @throws as `openBackend` of src/engine, and what the backends throw
 */
export async function openFleet(
  request: FleetRequest,
  { device = "auto", threads }: { device?: DeviceChoice; threads?: number | undefined },
): Promise<OpenedFleet> {
  const openHost = async (fallbackReason?: string): Promise<OpenedFleet> => ({
    backend: await HostBackend.open(request, { threads }),
    engine: "host",
    fallbackReason,
  });
  const { backend: opened, fallbackReason } = await openBackend<OpenedFleet>(
    { device },
    {
      openHost,
      openDevice: async ({ select }) => {
        try {
          const { DeviceBackend } = await import("../gpu/index.ts");
          const backend = await DeviceBackend.open(request, { select });
          return { backend, engine: "device", fallbackReason: undefined };
        } catch (error) {
          if (device !== "auto" || !isUnsupported(error)) throw error;
          return openHost(error.message);
        }
      },
    },
  );
  return { ...opened, fallbackReason: opened.fallbackReason ?? fallbackReason };
}

function isUnsupported(error: unknown): error is EverwarpError {
  return error instanceof EverwarpError && error.code === "EW_WASM_UNSUPPORTED";
}
