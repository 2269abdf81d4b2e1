/** Watching files: what changed in directories since the last look, told by the kernel or by comparing stamps. */
export { Inotify, type InotifyEvent, type NativeInotify, INOTIFY, nativeInotify } from "./inotify.ts";
export { kernelMounts, type MountSource } from "./mount-source.ts";
export { MountTable, isRemoteType } from "./mount-table.ts";
export { pathStamp, type Stamp, StampSet, stampText } from "./stamp-set.ts";
