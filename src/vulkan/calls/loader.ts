/** Opens the system's Vulkan loader at the first use, and declares the commands of the allow-list. */

import { EverwarpError } from "../../base/index.ts";
import { inFrame, koffi } from "../native/index.ts";
import {
  CORE_PROTOTYPES,
  type CoreCommands,
  EXTENSION_PROTOTYPES,
  type ExtensionCommands,
  type Prototype,
} from "../generated/index.ts";

const LIBRARY = "libvulkan.so.1";

/** A native function that can also run on a worker thread. */
interface NativeFunction {
  async(...parameters: unknown[]): void;
}

let commands: CoreCommands | undefined;

/**
 * The commands of the Vulkan loader.
 *
 * @throws EW_NO_VULKAN if no loader is installed; EW_DRIVER_TOO_OLD if the loader is older than Vulkan 1.2
 */
export function vulkan(): CoreCommands {
  commands ??= openLoader(LIBRARY);
  return commands;
}

/** Opens a library as the Vulkan loader. Exported for tests. */
export function openLoader(path: string): CoreCommands {
  let library;
  try {
    library = koffi().load(path);
  } catch (cause) {
    throw new EverwarpError("EW_NO_VULKAN", `the Vulkan loader ${path} cannot be opened`, {
      remedy: "Debian and Ubuntu: apt-get install libvulkan1 mesa-vulkan-drivers.",
      cause,
    });
  }
  const table: Record<string, unknown> = {};
  for (const [name, [result, parameters]] of Object.entries(CORE_PROTOTYPES)) {
    try {
      table[name] = library.func(name, result, [...parameters]);
    } catch (cause) {
      throw new EverwarpError("EW_DRIVER_TOO_OLD", `the Vulkan loader ${path} has no ${name}`, {
        remedy: "A loader for Vulkan 1.2 or newer is needed: update libvulkan1.",
        cause,
      });
    }
  }
  return table as unknown as CoreCommands;
}

/** A command of an instance extension; undefined if the extension is not enabled. */
export function extensionCommand<N extends keyof ExtensionCommands>(
  instance: bigint,
  name: N,
): ExtensionCommands[N] | undefined {
  const address = inFrame((frame) => vulkan().vkGetInstanceProcAddr(instance, frame.text(name)));
  if (address === null || address === 0n) return undefined;
  const [result, parameters]: Prototype = EXTENSION_PROTOTYPES[name];
  return koffi().decode(address, koffi().proto(result, [...parameters])) as ExtensionCommands[N];
}

/** A command of a device extension; undefined if the driver lacks the extension, or the extension is not enabled. */
export function deviceCommand<N extends keyof ExtensionCommands>(
  device: bigint,
  name: N,
): ExtensionCommands[N] | undefined {
  const address = inFrame((frame) => vulkan().vkGetDeviceProcAddr(device, frame.text(name)));
  if (address === null || address === 0n) return undefined;
  const [result, parameters]: Prototype = EXTENSION_PROTOTYPES[name];
  return koffi().decode(address, koffi().proto(result, [...parameters])) as ExtensionCommands[N];
}

/**
 * Runs a command on a worker thread of the foreign-function library, so a blocking command does not block the event
 * loop. The arguments must be plain numbers, and addresses of memory that the caller keeps alive.
 */
export function callAsync(
  name: keyof CoreCommands,
  parameters: readonly (number | bigint)[],
): Promise<number> {
  const command = vulkan()[name] as unknown as NativeFunction;
  return new Promise((resolve, reject) => {
    command.async(...parameters, (error: Error | null, result: number) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
