/** Checks of what callers give as a device. */
import { badArgument, type Check } from "./arguments.ts";

/** Marks an open device, so that it is known without loading what opens devices. */
export const OPEN_DEVICE = Symbol.for("everwarp.device");

/** Which device, or an open one: what `SearchEngine` and `Namespace` take. They run on the host, too. */
export const deviceOrChoice: Check = (name, value) => {
  if (isChoice(value) || isOpenDevice(value)) return;
  throw badArgument(name, value, `"auto", "cpu", ${NAMED_DEVICE}, its index, or an open Device`);
};

/** The same for what needs a device: the host is none. */
export const deviceWithoutHost: Check = (name, value) => {
  if (value !== "cpu" && (isChoice(value) || isOpenDevice(value))) return;
  throw badArgument(name, value, `"auto", ${NAMED_DEVICE}, its index, or an open Device`);
};

/** Asking a proxy may throw. */
function isOpenDevice(value: unknown): boolean {
  try {
    return typeof value === "object" && value !== null && OPEN_DEVICE in value;
  } catch {
    return false;
  }
}

const NAMED_DEVICE = '"gpu", a part of a device\'s name';

/** Which device: what `Device.open` takes. */
export const deviceChoice: Check = (name, value) => {
  if (!isChoice(value)) throw badArgument(name, value, `"auto", ${NAMED_DEVICE}, or its index`);
};

/** A word that is not empty, or an index. */
function isChoice(value: unknown): boolean {
  return typeof value === "string" ? value.trim() !== "" : isIndex(value);
}

function isIndex(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
