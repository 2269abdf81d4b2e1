/**
 * The Vulkan instance. A process has one instance for each validation setting, shared by all open devices.
 *
 * Invariants:
 * - Each device holds one use of its instance. An instance is destroyed only after all of its devices.
 * - An instance without validation is kept after its last use, because drivers take about 70 ms to create one. The
 *   instance holds no memory of a device.
 * - An instance with validation is destroyed after its last use, so that the layer reports objects that were left
 *   alive.
 * - An instance with an abandoned device is retired: it is never destroyed, and later devices get a new instance. The
 *   reason is that software drivers run all devices of an instance on the same few threads, and a kernel that does not
 *   end blocks these threads for ever.
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
 * The first version of the validation layer that supports VK_KHR_pipeline_binary. Older layers give out invalid
 * handles.
 */
const LAYER_WITH_BINARIES = packApiVersion(1, 3) | 296;

/** A message of the validation layer. */
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
  /** Whether commands for pipeline binaries reach the driver. An older validation layer blocks them. */
  readonly passesBinaries: boolean;
  /** Defined if the extension is enabled, which is the case with validation. */
  readonly setObjectName: ReturnType<typeof extensionCommand<"vkSetDebugUtilsObjectNameEXT">>;
  /** Ends this use. */
  release(): void;
  /**
   * Makes later calls use a new instance. Needed after an abandoned device: its kernel blocks threads of this instance.
   */
  retire(): void;
}

/** The current instances, by whether they validate. */
const open = new Map<boolean, Instance & { uses: number }>();
const listeners = new Set<(message: ValidationMessage) => void>();

/**
 * Registers a listener for messages of the validation layer. Returns a function that removes the listener. Without any
 * listener, messages go to stderr.
 */
export function onValidationMessage(listener: (message: ValidationMessage) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the validation layer is installed. */
export function hasValidationLayer(): boolean {
  return validationLayerVersion() !== undefined;
}

/** The Vulkan version of the validation layer; undefined if the layer is not installed. */
function validationLayerVersion(): number | undefined {
  return enumerate(VkLayerProperties, "vkEnumerateInstanceLayerProperties", (count, list) =>
    vulkan().vkEnumerateInstanceLayerProperties(count, list),
  ).find(({ layerName }) => layerName === VALIDATION_LAYER)?.specVersion;
}

/**
 * Starts a use of the instance.
 *
 * @throws EW_NO_VULKAN without a loader or driver, EW_DRIVER_TOO_OLD below Vulkan 1.2, EW_BAD_ARGUMENT if validation is
 * requested but not installed
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

/** Calls a command twice: the first call gives the count, the second one fills the list. Returns the list. */
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
    // The list may have shrunk between the calls. If it grew, VK_INCOMPLETE is fine: the counted entries are filled.
    checkResult(fill(count.address, list.address) ?? 0, call);
    return Array.from({ length: count.u32() }, (_, index) => list.read(index));
  });
}

function createInstance(validation: boolean): Instance & { uses: number } {
  const apiVersion = loaderApiVersion();
  const layerVersion = validation ? requiredLayerVersion() : undefined;
  const debug = validation && instanceExtensions().includes(DEBUG_EXTENSION);
  const callback = debug ? registerCallback() : undefined;
  const messenger = messengerValues(callback);
  return inFrame((frame) => {
    const application = frame.struct(VkApplicationInfo, { pEngineName: frame.text("everwarp"), apiVersion });
    const info = frame.struct(VkInstanceCreateInfo, {
      // Chained here too, so that the layer also watches the creation and destruction of the instance itself.
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

/** @throws EW_BAD_ARGUMENT if the validation layer is not installed */
function requiredLayerVersion(): number {
  const version = validationLayerVersion();
  if (version !== undefined) return version;
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    `validation was asked for and ${VALIDATION_LAYER} is not installed`,
    {
      remedy:
        "Debian and Ubuntu: apt-get install vulkan-validationlayers; or open the device without validation.",
    },
  );
}

function instanceExtensions(): string[] {
  return enumerate(VkExtensionProperties, "vkEnumerateInstanceExtensionProperties", (count, list) =>
    vulkan().vkEnumerateInstanceExtensionProperties(null, count, list),
  ).map(({ extensionName }) => extensionName);
}

type MessengerValues = InputRecordOf<typeof VkDebugUtilsMessengerCreateInfoEXT>;

function messengerValues(callback: bigint | undefined): MessengerValues {
  return {
    messageSeverity:
      Severity.VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
      Severity.VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    messageType:
      MessageType.VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT |
      MessageType.VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    pfnUserCallback: callback ?? 0n,
  };
}

function createMessenger(instance: bigint, values: MessengerValues): bigint | undefined {
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
    return 0; // the call that caused the message continues
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
