/** What a reader must know about the machine to judge a number. */
import os from "node:os";
import { EverwarpError, versionText } from "../../base/index.ts";
import { listDevices } from "../../vulkan/index.ts";

/** A Vulkan device of the machine. */
export interface DeviceSummary {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly driver: string;
  readonly apiVersion: string;
}

/** The machine, without anything that identifies it in a network. */
export interface Machine {
  readonly everwarp: string;
  readonly node: string;
  readonly os: string;
  readonly cpu: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  /** Vulkan devices, also software devices. */
  readonly devices: readonly DeviceSummary[];
  /** Why there are no devices. */
  readonly noDevices: string | undefined;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  let devices: DeviceSummary[] = [];
  let noDevices: string | undefined;
  try {
    devices = listDevices().map(({ index, name, type, driverName, driverInfo, apiVersion }) => ({
      index,
      name,
      type,
      driver: `${driverName} ${driverInfo}`,
      apiVersion,
    }));
    if (devices.length === 0) noDevices = "the Vulkan loader knows no driver";
  } catch (error) {
    if (!(error instanceof EverwarpError)) throw error;
    noDevices = `${error.message} [${error.code}]`;
  }
  return {
    everwarp: versionText().trim().split(" ")[1] ?? "",
    node: process.version,
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    coreCount: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    devices,
    noDevices,
  };
}
