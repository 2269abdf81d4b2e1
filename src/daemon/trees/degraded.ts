/** What is told where the kernel tells less than it should. */
import type { PollReason } from "./directory.ts";

/** By reason. A directory that refuses its watch is nothing to tell of. */
export const DEGRADED: Readonly<Record<Exclude<PollReason, "refused"> | "overflow", string>> = {
  limit:
    "the limit of watches is reached: some directories are compared with the disk before each search. " +
    "Raise fs.inotify.max_user_watches.",
  remote: "some directories lie on a remote file system: they are compared with the disk before each search.",
  overflow:
    "more changed at once than the kernel keeps: everything was compared with the disk. " +
    "Raise fs.inotify.max_queued_events if this comes often.",
};
