/** Watching files: what changed in directories since the last look, told by the kernel or by comparing stamps. */
export { Inotify, type InotifyEvent, type NativeInotify, INOTIFY, nativeInotify } from "./inotify.ts";
export { MountTable, isRemoteType } from "./mount-table.ts";
export { StampSet, stampText } from "./stamp-set.ts";
