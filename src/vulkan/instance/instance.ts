/**
 * The Vulkan instance: one per process and validation setting, shared by everything that is open.
 *
 * Invariants: an instance is destroyed after every device made from it (each device holds one use). One without
 * validation is kept when the last use ends: drivers take some 70 ms to make it, and hold nothing of a device for it.
 * One with validation goes with its last use, so that the layer reports what was left alive. An instance with an
 * abandoned device is retired: it is never destroyed, and devices opened from then on are another instance's. Software
 * drivers run all devices of an instance on the same few threads, and a kernel that does not end keeps those for ever.
 */

import { assert, EverwarpError } from "../../base/index.ts";
import { checkResult, extensionCommand, packApiVersion, vulkan } from "../calls/index.ts";
import { assertNodesOpen } from "./device-nodes.ts";
import {
  inFrame,
  type InputRecordOf,
  koffi,
  type Layout,
  readStruct,
  type RecordOf,
} from "../native/index.ts";
import {
  VkApplicationInfo,
  VkDebugUtilsMessageSeverityFlagBitsEXT as Severity,
  VkDebugUtilsMessageTypeFlagBitsEXT as MessageType,
  VkDebugUtilsMessengerCallbackDataEXT,
  VkDebugUtilsMessengerCreateInfoEXT,
  VkExtensionProperties,
  VkInstanceCreateInfo,
  VkLayerProperties,
  VkResult,
} from "../generated/index.ts";

const VALIDATION_LAYER = "VK_LAYER_KHRONOS_validation";
const DEBUG_EXTENSION = "VK_EXT_debug_utils";
/**
 * The first version of the validation layer that knows VK_KHR_pipeline_binary. An older one gives out handles that mean
 * nothing to it.
 */
const LAYER_WITH_BINARIES = packApiVersion(1, 3) | 296;

/** What the validation layer says. */
export interface ValidationMessage {
  severity: "warning" | "error";
  /** The rule's identifier, such as VUID-vkCmdDispatch-None-02699. */
  id: string;
  text: string;
}

/** One use of a VkInstance. */
export interface Instance {
  readonly handle: bigint;
  readonly validation: boolean;
  /**
   * Whether commands for pipeline binaries get through to the driver: a validation layer that does not know them stands
   * in their way.
   */
  readonly passesBinaries: boolean;
  /** Loaded where the extension is there (with validation). */
  readonly setObjectName: ReturnType<typeof extensionCommand<"vkSetDebugUtilsObjectNameEXT">>;
  /** Lets go of one use. */
  release(): void;
  /** From now on another instance is handed out: a kernel that does not end keeps what this one's devices share. */
  retire(): void;
}

/** Those that are handed out, by whether they validate. */
const open = new Map<boolean, Instance & { uses: number }>();
const listeners = new Set<(message: ValidationMessage) => void>();

/**
 * Registers a listener for what the validation layer says; returns the function that removes it. Messages that nobody
 * listens to go to stderr.
 */
export function onValidationMessage(listener: (message: ValidationMessage) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the validation layer is installed. */
export function hasValidationLayer(): boolean {
  return validationLayerVersion() !== undefined;
}

/** The version of Vulkan that the validation layer was made for; undefined where it is not installed. */
function validationLayerVersion(): number | undefined {
  return enumerate(VkLayerProperties, "vkEnumerateInstanceLayerProperties", (count, list) =>
    vulkan().vkEnumerateInstanceLayerProperties(count, list),
  ).find(({ layerName }) => layerName === VALIDATION_LAYER)?.specVersion;
}

/**
 * Takes one use of the instance.
 *
 * @throws EW_NO_VULKAN without a loader or driver, EW_DRIVER_TOO_OLD below Vulkan 1.2, EW_BAD_ARGUMENT when validation
 * is asked for and not installed
 */
export function acquireInstance(validation: boolean): Instance {
  let instance = open.get(validation);
  if (instance === undefined) {
    instance = createInstance(validation);
    open.set(validation, instance);
  }
  instance.uses++;
  return instance;
}

/** Calls a command of the count-then-fill kind and reads what it gives. */
export function enumerate<L extends Layout>(
  of: L,
  call: string,
  fill: (countAddress: bigint, listAddress: bigint | null) => number | void,
  values: InputRecordOf<L> = {},
): RecordOf<L>[] {
  return inFrame((frame) => {
    const count = frame.bytes(4);
    checkResult(fill(count.address, null) ?? 0, call);
    const list = frame.structs(
      of,
      Array.from({ length: count.u32() }, () => values),
    );
    // The list may have shrunk since; where it grew, VK_INCOMPLETE is fine: what was counted is filled.
    checkResult(fill(count.address, list.address) ?? 0, call);
    return Array.from({ length: count.u32() }, (_, index) => list.read(index));
  });
}

function createInstance(validation: boolean): Instance & { uses: number } {
  const apiVersion = loaderApiVersion();
  const layerVersion = validation ? validationLayerVersion() : undefined;
  if (validation && layerVersion === undefined) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `validation was asked for and ${VALIDATION_LAYER} is not installed`,
      {
        remedy:
          "Debian and Ubuntu: apt-get install vulkan-validationlayers; or open the device without validation.",
      },
    );
  }
  const extensions = enumerate(
    VkExtensionProperties,
    "vkEnumerateInstanceExtensionProperties",
    (count, list) => vulkan().vkEnumerateInstanceExtensionProperties(null, count, list),
  ).map(({ extensionName }) => extensionName);
  const debug = validation && extensions.includes(DEBUG_EXTENSION);
  const callback = debug ? registerCallback() : undefined;
  const messenger: InputRecordOf<typeof VkDebugUtilsMessengerCreateInfoEXT> = {
    messageSeverity:
      Severity.VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
      Severity.VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    messageType:
      MessageType.VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT |
      MessageType.VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    pfnUserCallback: callback ?? 0n,
  };
  return inFrame((frame) => {
    const application = frame.struct(VkApplicationInfo, { pEngineName: frame.text("everwarp"), apiVersion });
    const info = frame.struct(VkInstanceCreateInfo, {
      // Chained here too, so that creation and destruction of the instance itself are watched.
      pNext: debug ? frame.struct(VkDebugUtilsMessengerCreateInfoEXT, messenger).address : 0n,
      pApplicationInfo: application.address,
      enabledLayerCount: validation ? 1 : 0,
      ppEnabledLayerNames: frame.texts(validation ? [VALIDATION_LAYER] : []),
      enabledExtensionCount: debug ? 1 : 0,
      ppEnabledExtensionNames: frame.texts(debug ? [DEBUG_EXTENSION] : []),
    });
    const out = frame.bytes(8);
    const result = vulkan().vkCreateInstance(info.address, null, out.address);
    if (result === VkResult.VK_ERROR_INCOMPATIBLE_DRIVER) {
      assertNodesOpen();
      throw new EverwarpError("EW_NO_VULKAN", "the Vulkan loader is there and finds no driver", {
        remedy:
          "Install your GPU's driver, or a software one (Debian and Ubuntu: apt-get install mesa-vulkan-drivers).",
      });
    }
    checkResult(result, "vkCreateInstance");
    const handle = out.u64();
    const messengerHandle = debug ? createMessenger(handle, messenger) : undefined;
    let isRetired = false;
    return {
      handle,
      validation,
      uses: 0,
      passesBinaries: layerVersion === undefined || layerVersion >= LAYER_WITH_BINARIES,
      setObjectName: debug ? extensionCommand(handle, "vkSetDebugUtilsObjectNameEXT") : undefined,
      retire() {
        isRetired = true;
        if (open.get(validation) === this) open.delete(validation);
      },
      release() {
        assert(this.uses > 0, "an instance is released once per use");
        this.uses--;
        if (this.uses > 0 || !validation || isRetired) return;
        open.delete(validation);
        if (messengerHandle !== undefined) {
          extensionCommand(handle, "vkDestroyDebugUtilsMessengerEXT")?.(handle, messengerHandle, null);
        }
        vulkan().vkDestroyInstance(handle, null);
        if (callback !== undefined) koffi().unregister(callback);
      },
    };
  });
}

function createMessenger(
  instance: bigint,
  values: InputRecordOf<typeof VkDebugUtilsMessengerCreateInfoEXT>,
): bigint | undefined {
  const create = extensionCommand(instance, "vkCreateDebugUtilsMessengerEXT");
  if (create === undefined) return undefined;
  return inFrame((frame) => {
    const info = frame.struct(VkDebugUtilsMessengerCreateInfoEXT, values);
    const out = frame.bytes(8);
    checkResult(create(instance, info.address, null, out.address), "vkCreateDebugUtilsMessengerEXT");
    return out.u64();
  });
}

function registerCallback(): bigint {
  const prototype = koffi().proto("uint32", ["uint32", "uint32", "void *", "void *"]);
  return koffi().register((severity: number, _types: number, data: bigint): number => {
    deliver(severity, data);
    return 0; // the call that caused the message goes on
  }, koffi().pointer(prototype));
}

function deliver(severity: number, data: bigint): void {
  const view = new DataView(koffi().view(data, VkDebugUtilsMessengerCallbackDataEXT.sizeBytes));
  const { pMessage, pMessageIdName } = readStruct(view, 0, VkDebugUtilsMessengerCallbackDataEXT);
  const textAt = (address: bigint): string => (address === 0n ? "" : koffi().decode.string(address));
  const isError = severity >= Severity.VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  const message: ValidationMessage = {
    severity: isError ? "error" : "warning",
    id: textAt(pMessageIdName),
    text: textAt(pMessage),
  };
  for (const listener of listeners) listener(message);
  if (listeners.size === 0)
    process.stderr.write(`vulkan ${message.severity} ${message.id}: ${message.text}\n`);
}

function loaderApiVersion(): number {
  const version = inFrame((frame) => {
    const out = frame.bytes(4);
    checkResult(vulkan().vkEnumerateInstanceVersion(out.address), "vkEnumerateInstanceVersion");
    return out.u32();
  });
  if (version < packApiVersion(1, 2)) {
    throw new EverwarpError("EW_DRIVER_TOO_OLD", "the Vulkan loader is older than Vulkan 1.2", {
      remedy: "Update libvulkan1.",
    });
  }
  return Math.min(version, packApiVersion(1, 3));
}
